#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The official Python clients of RunPod (PyPI runpod) and OpenAI (PyPI openai), unchanged."""
import importlib.util
import unittest

from client import *

options = None
server = None


def setUpModule():
    global server
    server = Server(options, "--workers", "1", key=KEY)


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
        self.assertEqual(sum(chunk["duration"] for chunk in chunks), output["duration"])
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
        self.assertEqual([model.id for model in self.client.models.list()], ["chatterbox"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
