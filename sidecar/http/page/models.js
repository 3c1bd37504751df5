// SPDX-License-Identifier: MIT
// Models: which one speaks, in which language, and the sounds it knows.
import {call} from "./api.js";

const $ = id => document.getElementById(id);
let all = [];

export const model = () => $("model").value;
export const language = () => $("language").hidden ? "" : $("language").value;

// Puts a sound where the text is being written.
function insert(tag) {
  const text = $("text"), before = text.value.slice(0, text.selectionStart), after = text.value.slice(text.selectionEnd);
  const gap = before && !/\s$/.test(before) ? " " : "";
  text.setRangeText(gap + tag + (/^\s/.test(after) ? "" : " "), text.selectionStart, text.selectionEnd, "end");
  text.focus();
}

function tagButton(tag) {
  const one = document.createElement("button"), name = tag.replace(/[[\]]/g, "");
  one.type = "button";
  one.textContent = name;
  one.setAttribute("aria-label", "Put in: " + name);
  one.addEventListener("click", () => insert(tag));
  return one;
}

// What the chosen model speaks.
function show() {
  const chosen = all.find(one => one.id === model()) || {languages: [], tags: []};
  const names = new Intl.DisplayNames(["en"], {type: "language", fallback: "code"});
  const before = $("language").value;
  $("language").replaceChildren(new Option("told by the script of the text", ""),
                                ...chosen.languages.map(code => new Option(names.of(code), code)));
  $("language").value = chosen.languages.includes(before) ? before : "";
  $("language").hidden = $("language-label").hidden = chosen.languages.length < 2;
  $("tags").replaceChildren(...chosen.tags.map(tagButton));
  $("tags").hidden = chosen.tags.length === 0;
}

export async function listModels() {
  const {models} = await call("v1/audio/models");
  all = models.filter(one => !one.alias_of);
  const before = model();
  $("model").replaceChildren(...all.map(one => new Option(one.id + (one.family ? " (" + one.family + ")" : ""), one.id)));
  if (all.some(one => one.id === before)) $("model").value = before;
  show();
}

$("model").addEventListener("change", show);
