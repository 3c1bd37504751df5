#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Several models in one server: chosen by name, listed with what they speak, loaded when asked for,
given back, bounded. The models are tiny ones of every family, which make noise."""
import socket
import unittest

from client import *

options = None
folder = None
TAGS = 19   # of Turbo and Nano


def setUpModule():
    global folder
    folder = tempfile.mkdtemp(prefix="chatterbox-models-")
    subprocess.run([options.tiny_models, folder], check=True)
    # Tiny models have none of their own.
    os.environ["CHATTERBOX_WATERMARK_PATH"] = os.path.join(os.path.dirname(options.model), "watermark")


def tearDownModule():
    shutil.rmtree(folder, ignore_errors=True)


def flags(*families):
    return [part for family in families for part in ("--model", "%s=%s/%s" % (family, folder, family))]


def loaded(server):
    return [model["id"] for model in server.get("/v1/models").json["data"]
            if model["loaded"] and "alias_of" not in model]


def weights(model):
    names = [name for name in os.listdir(model) if name.endswith(".safetensors")]
    return sum(os.path.getsize(os.path.join(model, name)) for name in names)


class Family(unittest.TestCase):
    """The model in the tree and one of each family beside it."""
    @classmethod
    def setUpClass(cls):
        cls.server = Server(options, "--workers", "1", "--wyoming", "127.0.0.1:0",
                            *flags("turbo", "nano", "multilingual"), key=KEY)

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def speak(self, model, text="Hello.", **fields):
        job = self.server.run(tts(text, voice_name="Amy", **({"model": model} if model else {}), **fields))
        return self.server.wait(job, 240)

    def test_lists(self):
        models = {model["id"]: model for model in self.server.get("/v1/models").json["data"]}
        self.assertEqual(list(models), ["chatterbox", "turbo", "nano", "multilingual",
                                        "tts-1", "tts-1-hd", "gpt-4o-mini-tts"])
        self.assertEqual([(models[name]["family"], models[name]["languages"] == ["en"], len(models[name]["tags"]))
                          for name in ("chatterbox", "turbo", "nano", "multilingual")],
                         [("english", True, 0), ("turbo", True, TAGS), ("nano", True, TAGS),
                          ("multilingual", False, 0)])
        self.assertIn("fr", models["multilingual"]["languages"])
        self.assertIn("[laugh]", models["nano"]["tags"])
        self.assertEqual(models["tts-1"]["alias_of"], "chatterbox")
        self.assertEqual(self.server.get("/v1/models/nano").json, models["nano"])
        audio = self.server.get("/v1/audio/models").json["models"]
        self.assertEqual([(one["id"], one["languages"]) for one in audio],
                         [(one["id"], one["languages"]) for one in models.values()])
        listed = self.server.wait(self.server.run({"operation": "list_local_voices"}))["output"]["models"]
        self.assertEqual([(one["name"], one["languages"], one["tags"]) for one in listed],
                         [(name, models[name]["languages"], models[name]["tags"])
                          for name in ("chatterbox", "turbo", "nano", "multilingual")])

    def test_requests_choose(self):
        for model, says in ((None, "chatterbox"), ("turbo", "tiny"), ("nano", "tiny"), ("tts-1", "chatterbox")):
            done = self.speak(model, seed=1)
            self.assertEqual(done["status"], "COMPLETED", done)
            self.assertIn(says, done["output"]["info"], model)
        self.assertIn("nano", loaded(self.server))
        refused = self.speak("another")
        self.assertEqual((refused["status"], refused["error"]), ("FAILED", "Unknown model: another"))
        self.assertIn("expected one of chatterbox, turbo, nano, multilingual", refused["message"])

    def test_other_operations(self):
        done = self.server.wait(self.server.run({
            "operation": "voice_conversion", "input_audio": b64(tone(1)), "voice_name": "Amy", "model": "turbo"}))
        self.assertEqual(done["status"], "COMPLETED", done)
        self.assertIn("tiny", done["output"]["info"])
        done = self.server.wait(self.server.run({
            "operation": "voice_cloning", "reference_audio": b64(speech_like(6)), "voice_name": "Newcomer",
            "save_to_library": False, "model": "nano"}), 240)
        self.assertEqual(done["status"], "COMPLETED", done)

    def test_openai(self):
        for model in ("nano", "gpt-4o-mini-tts"):
            answer = self.server.post("/v1/audio/speech", {
                "model": model, "input": "Hi.", "voice": "alloy", "response_format": "wav"})
            self.assertEqual((answer.status, answer.body[:4]), (200, b"RIFF"), model)
        answer = self.server.post("/v1/audio/speech", {"model": "another", "input": "Hi.", "voice": "alloy"})
        self.assertEqual((answer.status, answer.json["error"]["code"]), (404, "model_not_found"))
        self.assertEqual(self.server.get("/v1/models/another").status, 404)
        self.assertEqual(self.server.get("/v1/audio/voices/Amy/preview?model=nano").status, 200)
        self.assertEqual(self.server.get("/v1/audio/voices/Amy/preview?model=another").status, 404)

    def test_languages(self):
        # The tiny model does not find an end soon; that it speaks is enough.
        job = self.server.run(tts("Bonjour.", voice_name="Amy", model="multilingual", language_id="fr",
                                  mode="streaming", chunk_size=10))
        self.server.until(lambda: self.server.get("/stream/" + job).json["stream"], 240, "audio")
        self.assertEqual(self.server.post("/cancel/" + job).json["status"], "CANCELLED")
        refused = self.speak("nano", "Bonjour.", language_id="fr")
        self.assertEqual(refused["status"], "FAILED")
        self.assertIn("fr", refused["message"])

    def talk(self, *events):
        """Says the events to the Wyoming port; what it answers first, but for beginnings."""
        import re
        port = int(re.search(r"speaking Wyoming on 127.0.0.1:([0-9]+)", self.server.read_log()).group(1))
        with socket.create_connection(("127.0.0.1", port), timeout=240) as connection, \
                connection.makefile("rb") as answers:
            for event in events:
                connection.sendall(json.dumps(event).encode() + b"\n")
            while True:
                head = json.loads(answers.readline())
                data = json.loads(answers.read(head.get("data_length", 0)) or b"{}")
                answers.read(head.get("payload_length", 0) or 0)
                if head["type"] in ("info", "audio-chunk", "error"):
                    return head["type"], data

    def test_wyoming(self):
        _, info = self.talk({"type": "describe"})
        for voice in info["tts"][0]["voices"]:
            self.assertEqual(voice["languages"][0], "en")
            self.assertIn("fr", voice["languages"])
        event = {"type": "synthesize", "data": {"text": "Bonjour.", "voice": {"name": "Amy", "language": "fr"}}}
        self.assertEqual(self.talk(event)[0], "audio-chunk")
        event["data"]["voice"]["language"] = "xx"
        kind, data = self.talk(event)
        self.assertEqual(kind, "error")
        self.assertIn("expected one of en", data["text"])


    def test_page(self):
        """Pickers of model and language, and tags as buttons."""
        from page_test import Browser, find_browser
        program = find_browser()
        if not program:
            self.skipTest("chromium is not installed")
        with Server(options, "--workers", "1", *flags("nano", "multilingual")) as server, \
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            browser = Browser(program, profile)
            try:
                browser.call("Page.navigate", url=server.address)
                browser.until("document.getElementById('model')?.options.length === 3")

                def choose(what, value):
                    browser.evaluate("{ const one = document.getElementById('%s'); one.value = '%s';"
                                     " one.dispatchEvent(new Event('change')); }" % (what, value))
                choose("model", "nano")
                self.assertEqual(browser.evaluate("document.querySelectorAll('#tags button').length"), TAGS)
                browser.evaluate("{ const text = document.getElementById('text'); text.value = 'So!';"
                                 " text.setSelectionRange(3, 3); }")
                browser.evaluate("[...document.querySelectorAll('#tags button')]"
                                 ".find(one => one.textContent === 'laugh').click()")
                self.assertEqual(browser.evaluate("document.getElementById('text').value"), "So! [laugh] ")
                self.assertEqual(browser.unnamed_controls(), [])
                choose("model", "multilingual")
                self.assertEqual(browser.unnamed_controls(), [])
                self.assertTrue(browser.evaluate("document.getElementById('tags').hidden"))
                choose("language", "fr")
                browser.until("document.querySelectorAll('.voice').length > 1")
                browser.evaluate("document.querySelector('input[name=voice][value=Amy]').click()")
                browser.evaluate("document.getElementById('text').value = 'Bonjour.'")
                browser.evaluate("document.getElementById('speak').click()")
                browser.until("document.getElementById('speak-note').textContent.includes('so far')", 240)
                self.assertIn("multilingual", loaded(server))
                browser.evaluate("document.getElementById('stop').click()")
                self.assertEqual([entry for entry in browser.console if "exceptionDetails" in entry], [])
                if options.pictures:
                    choose("model", "nano")
                    browser.picture(os.path.join(options.pictures, "models.png"))
            finally:
                browser.close()


class Memory(unittest.TestCase):
    def test_given_back_by_a_route(self):
        with Server(options, "--workers", "1", *flags("nano"), key=KEY) as server:
            self.assertEqual(loaded(server), ["chatterbox"])
            done = server.wait(server.run(tts("Hello.", model="nano", voice_name="Amy")), 240)
            self.assertEqual(done["status"], "COMPLETED", done)
            self.assertEqual(loaded(server), ["chatterbox", "nano"])
            answer = server.post("/v1/models/nano/unload")
            self.assertEqual((answer.status, answer.json["loaded"]), (200, False))
            self.assertEqual(loaded(server), ["chatterbox"])
            # Listing voices brings nothing back.
            server.post("/v1/models/chatterbox/unload")
            self.assertEqual(server.wait(server.run({"operation": "list_local_voices"}))["status"], "COMPLETED")
            self.assertEqual(loaded(server), [])
            self.assertEqual(server.get("/ping").status, 200)
            self.assertEqual(server.post("/v1/models/another/unload").status, 404)
            # What is at work stays.
            job = server.run(tts("A long story, told slowly. " * 150))
            server.until(lambda: loaded(server) == ["chatterbox"], 60, "the model")
            self.assertEqual(server.post("/v1/models/chatterbox/unload").status, 409)
            server.post("/cancel/" + job)
            server.until(lambda: server.post("/v1/models/chatterbox/unload").status == 200, 60, "rest")

    def test_given_back_after_a_while(self):
        with Server(options, "--unload-after", "1", *flags("nano")) as server:
            server.until(lambda: loaded(server) == [], 60, "the end of idleness")
            done = server.wait(server.run(tts("Hello.")))
            self.assertEqual(done["status"], "COMPLETED")
            server.until(lambda: loaded(server) == [], 60, "another end")

    def test_bound(self):
        """Two that do not fit together take turns; all work is done."""
        most = (weights(options.model) + weights(folder + "/turbo") - 1) // 1_000_000
        with Server(options, "--workers", "2", "--max-model-memory", str(most), *flags("turbo")) as server:
            jobs = [server.run(tts("Hello %d." % i, voice_name="Amy", model=("chatterbox", "turbo")[i % 2]))
                    for i in range(6)]
            for job in jobs:
                while server.get("/status/" + job).json["status"] not in FINAL:
                    self.assertLessEqual(len(loaded(server)), 1)
                self.assertEqual(server.status(job).json["status"], "COMPLETED", server.status(job).json)

    def refused(self, *arguments):
        with tempfile.TemporaryDirectory() as data:
            return subprocess.run([options.server, "--listen", "127.0.0.1:0", "--data-dir", data, *arguments],
                                  capture_output=True, text=True, timeout=60,
                                  env=dict(os.environ, CHATTERBOX_VOICES_PATH=options.voices))

    def test_settings(self):
        for arguments, says in (
                (["--max-model-memory", "1", "--model", "big=" + options.model], "max-model-memory: expected room"),
                (["--model", options.model], "expected NAME=DIR"),
                (["--model", "a b=" + options.model], "expected NAME=DIR"),
                (["--model", "a=" + options.model + ";a=" + options.model], "each name once"),
                (["--model", "a=/nowhere"], "/nowhere"),
                (["--model", "a=%s,family=nano" % options.model], "config.json: expected")):
            ended = self.refused(*arguments)
            self.assertEqual(ended.returncode, 2, arguments)
            self.assertIn(says, ended.stderr)


class Kept(unittest.TestCase):
    def test_a_job_keeps_its_model(self):
        """Whatever the server serves first when the job begins again, or is tried again."""
        other = argparse.Namespace(**dict(vars(options), model=folder + "/turbo"))
        with tempfile.TemporaryDirectory() as data:
            first = Server(other, "--workers", "1", "--model", "tree=" + options.model, data=data)
            long = first.run(tts("A long story, told slowly. " * 150, model="tree"))
            plain, named = first.run(tts("Hello.", voice_name="Amy")), first.run(tts("Hello.", model="tree"))
            failed = first.run(tts("Hello.", model="tree", voice_name="Nobody"))
            first.kill()
            first.close()
            with Server(other, "--workers", "1", "--model", "tree=" + options.model,
                        data=data) as second:
                second.post("/cancel/" + long)
                self.assertIn("by tiny", second.wait(plain, 240)["output"]["info"])
                self.assertNotIn("by tiny", second.wait(named)["output"]["info"])
                self.assertEqual(second.wait(failed)["status"], "FAILED")
                self.assertEqual(second.post("/retry/" + failed).status, 200)
                self.assertEqual(second.wait(failed)["status"], "FAILED")
                second.kill()
            # Without the model the job says so.
            with Server(other, "--workers", "1", *flags("nano"), data=data) as third:
                self.assertEqual(third.post("/retry/" + failed).status, 200)
                self.assertEqual(third.wait(failed)["error"], "Unknown model: tree")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--tiny-models", required=True, help="the program that makes them")
    parser.add_argument("--pictures", help="a directory for pictures of the page")
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
