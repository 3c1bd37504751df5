#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Python clients of RunPod (PyPI runpod), OpenAI (openai) and Wyoming (wyoming), unchanged, and
what Open WebUI and SillyTavern send at their defaults."""
import errno
import importlib.util
import unittest

from client import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options, "--workers", "1", "--wyoming", "127.0.0.1:0", key=KEY)


def tearDownModule():
    server.close()


def needs(module):
    found = importlib.util.find_spec(module) is not None
    return unittest.skipUnless(found, "the Python package %s is not installed" % module)


@needs("runpod")
class RunPod(unittest.TestCase):
    def setUp(self):
        import runpod
        runpod.api_key = KEY
        runpod.endpoint_url_base = "http://127.0.0.1:%d/v2" % server.port
        self.endpoint = runpod.Endpoint("chatterbox")

    def test_run_status_output(self):
        request = self.endpoint.run({"input": tts("Hello from the kit.")})
        self.assertIn(request.status(), ("IN_QUEUE", "IN_PROGRESS", "COMPLETED"))
        output = request.output(timeout=120)
        self.assertGreater(len(read_wav(output["audio"])[1]), 2400)
        self.assertEqual(request.status(), "COMPLETED")

    def test_run_wraps_bare_input(self):
        self.assertEqual(self.endpoint.run(tts("Hi.")).output(timeout=120)["text"], "Hi.")

    def test_run_sync(self):
        output = self.endpoint.run_sync({"input": tts("At once.")}, timeout=120)
        self.assertEqual(output["text"], "At once.")

    def test_stream(self):
        request = self.endpoint.run({"input": tts("One sentence. Another one. And a third one.",
                                                  mode="streaming", chunk_size=10)})
        chunks = list(request.stream())
        self.assertGreater(len(chunks), 1)
        joined = b"".join(bytes(read_wav(chunk["audio"])[1]) for chunk in chunks)
        self.assertEqual(joined, bytes(read_wav(request.output()["audio"])[1]))

    def test_cancel(self):
        request = self.endpoint.run({"input": tts("A long story. " * 300)})
        self.assertEqual(request.cancel()["status"], "CANCELLED")
        self.assertEqual(request.status(), "CANCELLED")

    def test_stream_of_a_cancelled_job_ends(self):
        request = self.endpoint.run({"input": tts("A long story. " * 300, mode="streaming")})
        request.cancel()
        self.assertIsInstance(list(request.stream()), list)

    def test_asyncio(self):
        import asyncio
        import aiohttp
        import runpod.endpoint.asyncio.asyncio_runner as asynchronous

        async def use():
            async with aiohttp.ClientSession() as session:
                endpoint = asynchronous.Endpoint("chatterbox", session)
                job = await endpoint.run(tts("Hello.", mode="streaming"))
                chunks = [chunk async for chunk in job.stream()]
                output = await job.output(timeout=120)
                return chunks, output, await job.cancel(), await endpoint.health()

        chunks, output, cancelled, health = asyncio.run(use())
        self.assertEqual(output["text"], "Hello.")
        self.assertAlmostEqual(sum(chunk["duration"] for chunk in chunks), output["duration"])
        # What has ended stays as it is.
        self.assertEqual(cancelled["status"], "COMPLETED")
        self.assertEqual(set(health), {"jobs", "workers"})

    def test_failure(self):
        request = self.endpoint.run({"input": tts(voice_name="Nobody")})
        server.until(lambda: request.status() == "FAILED", 60, "the failure")
        self.assertIsNone(request.output())

    def test_health_and_purge(self):
        health = self.endpoint.health()
        self.assertEqual(set(health), {"jobs", "workers"})
        self.assertEqual(self.endpoint.purge_queue()["status"], "completed")

    def test_wrong_key(self):
        import runpod
        runpod.api_key = "wrong"
        endpoint = runpod.Endpoint("chatterbox")
        with self.assertRaises(RuntimeError):
            endpoint.run({"input": tts()})


@needs("openai")
class OpenAi(unittest.TestCase):
    def setUp(self):
        import openai
        self.openai = openai
        self.client = openai.OpenAI(api_key=KEY, base_url="http://127.0.0.1:%d/v1" % server.port,
                                    max_retries=0)

    def test_speech(self):
        answer = self.client.audio.speech.create(model="tts-1", voice="default", input="Hello.",
                                                 response_format="wav")
        self.assertEqual(answer.content[:4], b"RIFF")

    def test_streaming(self):
        pieces = 0
        with self.client.audio.speech.with_streaming_response.create(
                model="tts-1", voice="default", response_format="pcm",
                input="One sentence to hear. And another one, which comes later.") as answer:
            for piece in answer.iter_bytes():
                pieces += len(piece) > 0
        self.assertGreater(pieces, 1)

    def test_errors(self):
        with self.assertRaises(self.openai.NotFoundError):
            self.client.audio.speech.create(model="tts-1", voice="Nobody", input="Hi.")
        with self.assertRaises(self.openai.BadRequestError):
            self.client.audio.speech.create(model="tts-1", voice="default", input="")
        stranger = self.openai.OpenAI(api_key="wrong", base_url=self.client.base_url, max_retries=0)
        with self.assertRaises(self.openai.AuthenticationError):
            stranger.models.list()

    def test_models(self):
        self.assertEqual([model.id for model in self.client.models.list()],
                         ["chatterbox", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
        self.assertEqual(self.client.models.retrieve("tts-1").id, "tts-1")

    def test_defaults(self):
        """As the documentation of the SDK has it."""
        for voice in ("alloy", "coral", "cedar"):
            answer = self.client.audio.speech.create(model="gpt-4o-mini-tts", voice=voice, input="Hi.",
                                                     instructions="Speak cheerfully.")
            self.assertGreater(len(answer.content), 500)

    def test_events(self):
        with self.client.audio.speech.with_streaming_response.create(
                model="gpt-4o-mini-tts", voice="alloy", input="Hello there.", response_format="pcm",
                stream_format="sse") as answer:
            events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
        self.assertEqual(events[-1]["type"], "speech.audio.done")
        self.assertGreater(sum(len(event.get("audio", "")) for event in events), 10000)


NODE_SCRIPT = """
const {OpenAI} = require('openai');
const client = new OpenAI({apiKey: process.argv[1], baseURL: process.argv[2], maxRetries: 0});
(async () => {
  const told = {models: [], bytes: {}, errors: []};
  for await (const model of client.models.list()) told.models.push(model.id);
  for (const voice of ['alloy', 'cedar']) {
    const answer = await client.audio.speech.create({model: 'gpt-4o-mini-tts', voice, input: 'Hi.'});
    told.bytes[voice] = (await answer.arrayBuffer()).byteLength;
  }
  const events = await client.audio.speech.create({model: 'tts-1', voice: 'alloy', input: 'Hello there.',
                                                   response_format: 'pcm', stream_format: 'sse'});
  told.done = (await events.text()).includes('speech.audio.done');
  for (const [voice, input] of [['Nobody', 'Hi.'], ['alloy', '']])
    await client.audio.speech.create({model: 'tts-1', voice, input}).catch(error => told.errors.push(error.status));
  console.log(JSON.stringify(told));
})();
"""


class OpenAiNode(unittest.TestCase):
    """OpenAI's SDK for Node, unchanged; NODE_PATH tells where it is."""

    def test_defaults(self):
        if not shutil.which("node"):
            self.skipTest("node is not installed")
        if subprocess.run(["node", "-e", "require('openai')"], capture_output=True, check=False).returncode:
            self.skipTest("the package openai is not installed where node looks for it")
        done = subprocess.run(["node", "-e", NODE_SCRIPT, KEY, "http://127.0.0.1:%d/v1" % server.port],
                              capture_output=True, timeout=300, check=True)
        told = json.loads(done.stdout)
        self.assertEqual(told["models"], ["chatterbox", "tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
        self.assertTrue(all(size > 500 for size in told["bytes"].values()), told)
        self.assertTrue(told["done"])
        self.assertEqual(told["errors"], [404, 400])


class OtherClients(unittest.TestCase):
    """The requests as these programs' sources have them."""

    def test_open_webui(self):
        self.assertIn("chatterbox", [one["id"] for one in server.get("/v1/audio/models").json["models"]])
        voices = server.get("/v1/audio/voices").json["voices"]
        self.assertTrue(all(voice["id"] and voice["name"] for voice in voices))
        answer = server.post("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": "Hello."},
                             headers={"Content-Type": "application/json", "Authorization": "Bearer " + KEY,
                                      "X-OpenWebUI-User-Name": "Someone"})
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "audio/mpeg"))

    def test_sillytavern(self):
        answer = server.post("/v1/audio/speech", {"input": "Hello.", "model": "tts-1", "voice": "alloy",
                                                  "response_format": "mp3", "speed": 1})
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "audio/mpeg"))

    def test_runpods_own_endpoint(self):
        answer = server.post("/v2/chatterbox-turbo/runsync", {"input": {
            "prompt": "Hello from the endpoint.", "voice": "lucy", "format": "flac"}})
        output = answer.json["output"]
        head, data = output["audio_url"].split(",", 1)
        self.assertEqual((head, base64.b64decode(data)[:4]), ("data:audio/flac;base64", b"fLaC"))
        for form in ("wav", "ogg"):
            output = server.post("/v2/chatterbox-turbo/runsync",
                                 {"input": {"prompt": "Hi.", "format": form}}).json["output"]
            self.assertTrue(output["audio_url"].startswith("data:audio/" + form), form)
        refused = server.post("/v2/chatterbox-turbo/runsync", {"input": {
            "prompt": "Hi.", "voice_url": "https://x.example/voice.wav"}}).json
        self.assertEqual((refused["status"], refused["error"]), ("FAILED", "voice_url is not supported"))


def wyoming_port():
    import re
    return int(re.search(r"speaking Wyoming on 127.0.0.1:([0-9]+)", server.read_log()).group(1))


@needs("wyoming")
class Wyoming(unittest.TestCase):
    def talk(self, *events, until):
        import asyncio
        from wyoming.client import AsyncTcpClient

        async def use():
            answers = []
            async with AsyncTcpClient("127.0.0.1", wyoming_port()) as client:
                for event in events:
                    await client.write_event(event.event())
                while True:
                    answer = await asyncio.wait_for(client.read_event(), 60)
                    answers.append((time.monotonic(), answer))
                    if answer is None or answer.type in until:
                        return answers

        return asyncio.run(use())

    def test_describe(self):
        from wyoming.info import Describe, Info
        info = Info.from_event(self.talk(Describe(), until=["info"])[-1][1])
        program = info.tts[0]
        self.assertTrue(program.supports_synthesize_streaming)
        self.assertIn("default", [voice.name for voice in program.voices])
        self.assertTrue(all(voice.languages == ["en"] for voice in program.voices))

    def speech(self, answers):
        from wyoming.audio import AudioChunk, AudioStart
        start = AudioStart.from_event(answers[0][1])
        self.assertEqual((start.rate, start.width, start.channels), (24000, 2, 1))
        chunks = [AudioChunk.from_event(event).audio for _, event in answers
                  if AudioChunk.is_type(event.type)]
        self.assertGreater(len(chunks), 1)
        return b"".join(chunks)

    def test_synthesize(self):
        from wyoming.tts import Synthesize, SynthesizeVoice
        for voice in (None, SynthesizeVoice(name="default"), SynthesizeVoice(name="alloy")):
            answers = self.talk(Synthesize("The first sentence. And a second, longer one.", voice=voice),
                                until=["audio-stop", "error"])
            self.assertEqual(answers[-1][1].type, "audio-stop")
            self.assertGreater(len(self.speech(answers)), 48000)
            # Audio comes while it is made.
            self.assertGreater(answers[-1][0] - answers[1][0], 0.01)

    def test_streaming_text(self):
        from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop
        answers = self.talk(SynthesizeStart(), SynthesizeChunk("Hello there. How "), SynthesizeChunk("are you? I"),
                            SynthesizeChunk(" am well."), SynthesizeStop(), until=["synthesize-stopped"])
        self.assertEqual([event.type for _, event in answers[-2:]], ["audio-stop", "synthesize-stopped"])
        self.assertEqual(sum(event.type == "audio-start" for _, event in answers), 1)
        self.assertGreater(len(self.speech(answers)), 48000)

    def test_errors(self):
        from wyoming.tts import Synthesize, SynthesizeVoice
        answers = self.talk(Synthesize("Hi.", voice=SynthesizeVoice(name="Nobody")),
                            until=["audio-stop", "error"])
        self.assertIn("Nobody", answers[-1][1].data["text"])
        answers = self.talk(Synthesize("  "), until=["audio-stop", "error"])
        self.assertEqual(answers[-1][1].type, "error")


class WyomingStrangers(unittest.TestCase):
    def test_what_is_no_event(self):
        import socket
        for data in (b"x\n", b"[]\n", b"{}\n", b'{"type": 3}\n', b"\n", b"\xff\n", b"x" * 200_000,
                     b'{"type":"synthesize","data_length":-1}\n', b'{"type":"synthesize","data_length":1e18}\n',
                     b'{"type":"synthesize","data_length":5}\n{}', b'{"type":"synthesize","data":[]}\n',
                     b'{"type":"synthesize","data":{"text":7}}\n', b'{"type":"synthesize-stop"}\n',
                     b'{"type":"synthesize","data":{"text":"A long story. "}}\n'):
            with socket.create_connection(("127.0.0.1", wyoming_port()), timeout=20) as connection:
                try:
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1000)
                except ConnectionError:
                    pass
                except OSError as error:
                    # A server that has closed first leaves nothing to shut down.
                    if error.errno != errno.ENOTCONN:
                        raise
        self.assertEqual(server.get("/ping").status, 200)
        server.until(lambda: server.get("/health").json["workers"]["running"] == 0, 30, "rest")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
