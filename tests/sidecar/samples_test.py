#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the code samples of the interface's own documentation (TTS_API_DOCUMENTATION.md of
703deuce/chatterbox-tts-serverless, which is not part of this tree) as they stand: only the base
address and the key are replaced, and the names of the files they read are made to exist."""
import re
import shutil
import unittest

from client import *

BASE = "https://api.runpod.ai/v2/c2wmx1ln5ccp6c"
options = None
server = None


def setUpModule():
    global server
    server = Server(options, key=KEY)


def tearDownModule():
    server.close()


class Samples(unittest.TestCase):
    def setUp(self):
        if not options.page or not os.path.exists(options.page):
            self.skipTest("--page TTS_API_DOCUMENTATION.md is not given")
        with open(options.page, encoding="utf-8") as page:
            text = page.read()
        text = text.replace(BASE, "http://127.0.0.1:%d/v2/chatterbox" % server.port)
        text = text.replace("YOUR_API_KEY", KEY)
        self.blocks = re.findall(r"```(\w+)\n(.*?)```", text, re.S)
        self.folder = os.path.join(server.data, self.id().rsplit(".", 1)[1])
        os.makedirs(self.folder, exist_ok=True)
        # The sample for curl puts this one on the command line, whose parts are at most 128 kB.
        recordings = {"input_audio.wav": tone(1.5, 16000)}
        for name in ("my_voice_recording.wav", "my_audio.wav", "my_recording.wav"):
            recordings[name] = tone(6)
        for name, data in recordings.items():
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(data)

    def pick(self, language, mark):
        found = [code for name, code in self.blocks if name == language and mark in code]
        self.assertEqual(len(found), 1, mark)
        return found[0]

    def run_code(self, command, code, suffix):
        path = os.path.join(self.folder, "sample" + suffix)
        with open(path, "w", encoding="utf-8") as file:
            file.write(code)
        result = subprocess.run(command + [path], cwd=self.folder, capture_output=True, text=True,
                                timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        return result.stdout

    def speech(self, name="output.wav"):
        with open(os.path.join(self.folder, name), "rb") as file:
            rate, samples = read_wav(file.read())
        self.assertEqual(rate, 24000)
        self.assertGreater(len(samples), 2400)

    def python(self, mark):
        try:
            import requests
            del requests
        except ImportError:
            self.skipTest("the Python package requests is not installed")
        # The samples begin where their page has imported before.
        return self.run_code([sys.executable], "import time\n" + self.pick("python", mark), ".py")

    def node(self, mark):
        # Where Debian puts its package node-axios.
        os.environ.setdefault("NODE_PATH", "/usr/share/nodejs")
        if not shutil.which("node") or subprocess.run(
                ["node", "-e", "require('axios')"], capture_output=True, check=False).returncode:
            self.skipTest("Node with axios is not installed (NODE_PATH may help)")
        return self.run_code(["node"], self.pick("javascript", mark), ".js")

    def test_python_quick_start(self):
        self.assertIn("24000Hz", self.python("def call_tts_api"))
        self.speech()

    def test_python_generate_speech(self):
        self.assertIn("output.wav", self.python("def generate_speech"))
        self.speech()

    def test_python_clone(self):
        self.assertIn("cloned successfully", self.python("def clone_new_voice"))
        self.speech("sample_MyPersonalVoice.wav")

    def test_python_convert(self):
        self.assertIn("24000Hz", self.python("def convert_voice"))
        self.speech("converted_to_Benjamin.wav")

    def test_python_transfer(self):
        self.assertIn("Mode: embedding", self.python("def transfer_to_voice_embedding"))
        self.speech("transferred_to_Amy.wav")

    def test_node_quick_start(self):
        self.assertIn("24000Hz", self.node("async function callTtsApi"))
        self.speech()

    def test_node_generate_speech(self):
        self.assertIn("output.wav", self.node("async function generateSpeech"))
        self.speech()

    def test_curl_basic(self):
        self.assertIn("IN_QUEUE", self.run_code(["bash"], self.pick("bash", '"mode": "basic"'), ".sh"))

    def test_curl_script(self):
        self.need_jq()
        self.assertIn("Audio saved", self.run_code(["bash"], self.pick("bash", "generate_speech()"), ".sh"))
        self.speech()

    def test_curl_conversion(self):
        self.need_jq()
        out = self.run_code(["bash"], self.pick("bash", "base64 -w 0"), ".sh")
        self.assertRegex(out, r'"status":"(IN_QUEUE|IN_PROGRESS|COMPLETED)"')

    def need_jq(self):
        for program in ("curl", "jq"):
            if not shutil.which(program):
                self.skipTest(program + " is not installed")

    def test_requests_of_the_page(self):
        """Every JSON request on the page is accepted."""
        audio = b64(tone(6))
        for language, code in self.blocks:
            if language != "json" or '"input"' not in code:
                continue
            fields = json.loads(code)["input"]
            for name in ("reference_audio", "input_audio", "target_speaker", "target_audio"):
                if name in fields:
                    fields[name] = audio
            if fields.get("voice_id") == "a563a2ba":
                continue  # an id of the page's own recordings
            if fields["operation"] == "tts" and fields.get("voice_name") == "MyCustomVoice":
                server.wait(server.run({"operation": "voice_cloning", "reference_audio": audio,
                                        "voice_name": "MyCustomVoice"}), 120)
            done = server.wait(server.run(fields), 120)
            if fields["operation"] == "voice_cloning" and "already" in done.get("error", ""):
                continue
            self.assertEqual(done["status"], "COMPLETED", (fields["operation"], done.get("error")))
            self.assertNotIn("warnings", done["output"])


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--page", default=os.environ.get("CHATTERBOX_SEED_PAGE", ""))
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
