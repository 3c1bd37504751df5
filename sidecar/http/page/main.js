// SPDX-License-Identifier: MIT
// The page: what its buttons do.
import {call, file, job, setKey, speech} from "./api.js";
import {base64Of, bytesOf, Player, Recorder, Wave, wavFile} from "./sound.js";
import {language, listModels, model} from "./models.js";
import {choose, listVoices, voice} from "./voices.js";

const $ = id => document.getElementById(id);
const SLIDERS = ["exaggeration", "cfg_weight", "temperature", "speed"];
const wave = new Wave($("wave"));
const recordings = {};
let speaking = null;

function note(id, text, bad) {
  $(id + "-note").textContent = text;
  $(id + "-note").classList.toggle("bad", Boolean(bad));
}

function show(id, blob) {
  const audio = $(id);
  if (audio.src) URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(blob);
  // With what it stands in.
  for (let at = audio; at; at = at.parentElement) at.hidden = false;
  return audio;
}

// What is to be said, and how: only what was moved differs from the model's own choice.
function wish() {
  const body = {input: $("text").value, model: model()};
  for (const name of SLIDERS)
    if ($(name).value !== $(name).defaultValue) body[name] = Number($(name).value);
  body.seed = $("seed").value ? Number($("seed").value) : crypto.getRandomValues(new Uint32Array(1))[0];
  if (voice()) body.voice = voice();
  if (language()) body.language = language();
  return body;
}

function follow(player, words, from = () => player.position) {
  const spans = words.map(word => {
    const span = document.createElement("span");
    span.textContent = word.word;
    return span;
  });
  $("transcript").replaceChildren(...spans.flatMap(span => [span, " "]));
  const at = from();
  words.forEach((word, i) => spans[i].classList.toggle("now", at >= word.start && at < word.end));
  wave.draw(at);
}

async function speak() {
  speaking?.abort();
  const abort = speaking = new AbortController();
  const body = wish(), pieces = [], words = [], player = new Player();
  abort.signal.addEventListener("abort", () => player.close());
  const started = performance.now();
  let first = 0, length = 0, ended = false;
  note("speak", "Waiting for the first audio ...");
  wave.clear();
  const frame = () => {
    if (abort.signal.aborted) return;
    follow(player, words);
    if (ended && player.done) { player.close(); follow(player, words, () => length); return; }
    requestAnimationFrame(frame);
  };
  frame();
  await speech(body, abort.signal, event => {
    for (const word of event.words || []) words.push(word);
    if (!event.audio) return;
    first ||= performance.now() - started;
    const bytes = bytesOf(event.audio), samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    pieces.push(samples);
    length += samples.length / 24000;
    player.add(samples);
    wave.add(samples);
    note("speak", "First audio after " + first.toFixed(0) + " ms; " + length.toFixed(1) + " s so far");
  });
  ended = true;
  const blob = wavFile(pieces), audio = show("speak-audio", blob);
  audio.ontimeupdate = () => follow(null, words, () => audio.currentTime);
  note("speak", "First audio after " + first.toFixed(0) + " ms; " + length.toFixed(1) + " s of speech, done");
  remember(body, blob, length);
}

function link(text, label, name, blob) {
  const one = document.createElement("a");
  one.textContent = text;
  one.setAttribute("aria-label", label);
  one.download = name;
  one.href = URL.createObjectURL(blob);
  return one;
}

// Other formats are made by the server of the same seed, and so are the same speech.
function otherFormat(body, format, label, title) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-label", "Save as " + label + ": " + title);
  button.addEventListener("click", async () => {
    try {
      const blob = await file("v1/audio/speech", {...body, response_format: format});
      const saved = link(label, title, "speech." + (format === "opus" ? "ogg" : format), blob);
      saved.click();
    } catch (error) { note("speak", error.message, true); }
  });
  return button;
}

function remember(body, blob, length) {
  $("history-empty").hidden = true;
  const item = document.createElement("li"), row = document.createElement("div");
  const title = body.input.length > 80 ? body.input.slice(0, 77) + "..." : body.input;
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.src = URL.createObjectURL(blob);
  audio.setAttribute("aria-label", "Hear again: " + title);
  row.className = "row";
  row.append((body.voice || "the model's own voice") + ", " + length.toFixed(1) + " s, seed " + body.seed + " ",
             link("WAV", "Save as WAV: " + title, "speech.wav", blob),
             otherFormat(body, "mp3", "MP3", title), otherFormat(body, "opus", "Opus", title));
  item.append(title, row, audio);
  $("history").prepend(item);
}

async function recording(id) {
  const blob = $(id + "-file").files[0] || recordings[id];
  if (!blob) throw new Error("Choose a file or record one first.");
  return blob;
}

function recordButton(id) {
  const recorder = new Recorder($(id + "-level")), button = $(id + "-record");
  return async () => {
    if (recorder.running) return recorder.stop();
    await recorder.start((blob, loudest) => {
      recordings[id] = blob;
      button.textContent = "Record";
      const quiet = loudest < 0.02, loud = loudest > 0.98;
      note(id, quiet ? "Recorded, but hardly anything was heard: is the microphone on?"
                     : loud ? "Recorded, but too loud: move away or turn it down." : "Recorded.", quiet || loud);
    });
    button.textContent = "Stop recording";
  };
}

async function convert() {
  if (!voice()) throw new Error("Choose a voice at the top first.");
  const blob = await recording("convert");
  show("convert-before", blob);
  $("convert-after").hidden = true;
  note("convert", "Converting ...");
  const output = await job({operation: "voice_conversion", input_audio: await base64Of(blob), voice_name: voice(), model: model()});
  show("convert-audio", new Blob([bytesOf(output.audio)], {type: "audio/wav"}));
  note("convert", output.duration.toFixed(1) + " s converted in " + output.processing_time);
}

async function clone() {
  const blob = await recording("clone");
  note("clone", "Cloning ...");
  const output = await job({operation: "voice_cloning", voice_name: $("clone-name").value,
                            voice_description: $("clone-description").value, reference_audio: await base64Of(blob), model: model()});
  show("clone-audio", new Blob([bytesOf(output.sample_audio)], {type: "audio/wav"}));
  await listVoices();
  choose(output.voice_info.voice_name);
  note("clone", [output.message, ...(output.warnings || [])].join(". "));
}

async function load() {
  const {jobs, workers} = await call("health");
  const waiting = jobs.inQueue ? jobs.inQueue + " waiting, " : "";
  $("load").textContent = workers.initializing ? "The model is loading"
    : waiting + workers.running + " of " + (workers.running + workers.idle) + " workers busy";
}

async function begin() {
  try {
    await listVoices();
    await listModels();
    $("key-section").hidden = !$("key").value;
    note("key", "");
    await load();
  } catch (error) {
    if (error.status !== 401) return note("voices", error.message, true);
    $("key-section").hidden = false;
    note("key", $("key").value ? "That is no key of this server." : "", true);
  }
}

function on(id, action, where = id) {
  $(id).addEventListener("click", async () => {
    try { await action(); } catch (error) { if (error.name !== "AbortError") note(where, error.message, true); }
  });
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  $("theme").setAttribute("aria-pressed", String(dark));
}

on("speak", speak);
on("stop", () => { speaking?.abort(); note("speak", "Stopped."); }, "speak");
on("convert", convert);
on("clone", clone);
on("convert-record", recordButton("convert"), "convert");
on("clone-record", recordButton("clone"), "clone");
on("theme", () => setTheme($("theme").getAttribute("aria-pressed") !== "true"), "speak");
$("theme").setAttribute("aria-pressed", String(matchMedia("(prefers-color-scheme: dark)").matches));
for (const name of SLIDERS) {
  const tell = () => { document.querySelector(`output[for="${name}"]`).textContent = $(name).value; };
  $(name).addEventListener("input", tell);
  tell();
}
$("convert-file").addEventListener("change", () => {
  const [one] = $("convert-file").files;
  if (one) show("convert-before", one);
});
$("text").addEventListener("keydown", event => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("speak").click();
});
$("key").addEventListener("change", () => { setKey($("key").value); begin(); });
setInterval(() => { if (!document.hidden) load().catch(() => { $("load").textContent = ""; }); }, 3000);
begin();
