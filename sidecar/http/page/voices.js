// SPDX-License-Identifier: MIT
// Voices as cards: choose, hear, rename, remove.
import {call, file} from "./api.js";
import {model} from "./models.js";

const $ = id => document.getElementById(id);
let chosen = "";
let all = [];
let player = null;

export const voice = () => chosen;

function note(text, bad) {
  $("voices-note").textContent = text;
  $("voices-note").classList.toggle("bad", Boolean(bad));
}

function button(text, label, action) {
  const one = document.createElement("button");
  one.type = "button";
  one.textContent = text;
  one.setAttribute("aria-label", label);
  one.addEventListener("click", async () => {
    try { await action(); } catch (error) { note(error.message, true); }
  });
  return one;
}

async function preview(name) {
  note("Asking " + name + " ...");
  player?.pause();
  const blob = await file("v1/audio/voices/" + encodeURIComponent(name) + "/preview?model=" + encodeURIComponent(model()));
  player = new Audio(URL.createObjectURL(blob));
  player.onended = () => note("");
  await player.play();
  note("This is " + name + ".");
}

async function rename(name) {
  const wanted = prompt("A new name for " + name, name);
  if (!wanted || wanted === name) return;
  await call("v1/audio/voices/" + encodeURIComponent(name), {name: wanted}, "PATCH");
  if (chosen === name) chosen = wanted;
  await listVoices();
}

async function remove(name) {
  if (!confirm("Remove the voice " + name + "?")) return;
  await call("v1/audio/voices/" + encodeURIComponent(name), null, "DELETE");
  if (chosen === name) chosen = "";
  await listVoices();
}

function card(one, number) {
  const box = document.createElement("div"), label = document.createElement("label");
  const radio = document.createElement("input"), text = document.createElement("p");
  box.className = "voice";
  radio.type = "radio";
  radio.name = "voice";
  radio.id = "voice-" + number;
  radio.value = one.id;
  radio.checked = one.id === chosen;
  radio.addEventListener("change", () => { chosen = one.id; });
  label.htmlFor = radio.id;
  label.textContent = one.name;
  text.textContent = [one.gender, one.description].filter(Boolean).join(", ");
  box.append(radio, label, text);
  if (!one.id) return box;
  box.append(button("Hear", "Hear " + one.name, () => preview(one.id)));
  if (one.own)
    box.append(" ", button("Rename", "Rename " + one.name, () => rename(one.id)), " ",
               button("Remove", "Remove " + one.name, () => remove(one.id)));
  return box;
}

function show() {
  const wanted = $("filter").value.trim().toLowerCase();
  const fits = one => !wanted || [one.name, one.gender, one.description].join(" ").toLowerCase().includes(wanted);
  $("voices").replaceChildren(...all.filter(fits).map(card));
}

export async function listVoices() {
  const {voices} = await call("v1/audio/voices");
  all = [{id: "", name: "The model's own", description: "without a voice of the library"},
         ...voices.filter(one => one.own), ...voices.filter(one => !one.own)];
  show();
}

export function choose(name) { chosen = name; show(); }

$("filter").addEventListener("input", show);
