// SPDX-License-Identifier: MIT
// What the page asks of the server.

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
let key = "";

export function setKey(value) { key = value.trim(); }

function headers(json) {
  const all = key ? {Authorization: "Bearer " + key} : {};
  return json ? {...all, "Content-Type": "application/json"} : all;
}

function refusal(status, answer) {
  const error = new Error(answer?.error?.message || answer?.message || answer?.error || "status " + status);
  error.status = status;
  return error;
}

export async function call(path, body, method) {
  const response = await fetch(path, {
    method: method || (body ? "POST" : "GET"), headers: headers(body), body: body && JSON.stringify(body)});
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, answer);
  return answer;
}

// The output of an operation.
export async function job(input) {
  let state = await call("run", {input});
  const id = state.id;
  while (!FINAL.includes(state.status)) state = await call("status-sync/" + id + "?wait=5000");
  if (state.status !== "COMPLETED") throw refusal(200, state);
  return state.output;
}

// A file from an address that wants the key.
export async function file(path, body, signal) {
  const response = await fetch(path, {
    method: body ? "POST" : "GET", headers: headers(body), body: body && JSON.stringify(body), signal});
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
  return response.blob();
}

// Calls `heard` with each event of speech while it is made.
export async function speech(body, signal, heard) {
  const response = await fetch("v1/audio/speech", {
    method: "POST", headers: headers(true), signal,
    body: JSON.stringify({...body, response_format: "pcm", stream_format: "sse", word_timestamps: true})});
  if (!response.ok) throw refusal(response.status, await response.json().catch(() => null));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const {done, value} = await reader.read();
    if (done) return;
    text += value;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const data = JSON.parse(event.slice(event.indexOf("data: ") + 6));
      if (data.type === "error") throw refusal(500, data);
      heard(data);
    }
  }
}
