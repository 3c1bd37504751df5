#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page at /, in headless Chromium: speak, convert a recording, clone a voice."""
import shutil
import unittest

from client import *

options = None


def find_browser():
    return shutil.which("chromium") or shutil.which("google-chrome")


class Browser:
    """Chromium driven through its debugging pipe: JSON messages that end in a zero byte."""

    def __init__(self, program, folder):
        to_read, self.to = os.pipe()
        self.from_, from_write = os.pipe()

        def pipes():
            # Descriptors 3 and 4 are the browser's end, by its convention.
            os.dup2(to_read, 13)
            os.dup2(from_write, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--autoplay-policy=no-user-gesture-required", "--remote-debugging-pipe",
             "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
             "--user-data-dir=" + folder, "about:blank"],
            preexec_fn=pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"})   # a sanitizer's
        os.close(to_read)
        os.close(from_write)
        self.number, self.rest, self.session, self.console = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Runtime", "Page", "DOM", "Log", "Accessibility"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                piece = os.read(self.from_, 1 << 20)
                assert piece, "the browser ended"
                self.rest += piece
            text, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.console.append(answer["params"])
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    def evaluate(self, code):
        result = self.call("Runtime.evaluate", expression=code, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def until(self, code, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if value := self.evaluate(code):
                return value
            time.sleep(0.1)
        raise AssertionError("%s did not come true; notes: %s" % (
            code, self.evaluate("[...document.querySelectorAll('.note')].map(n => n.textContent)")))

    def choose_file(self, selector, path):
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[path])

    def unnamed_controls(self):
        """Roles of the controls without a name that a screen reader can say."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        controls = [node for node in nodes if not node.get("ignored") and node.get("role", {}).get("value") in (
            "button", "checkbox", "combobox", "link", "meter", "radio", "searchbox", "slider", "spinbutton",
            "textbox", "radiogroup", "image", "img", "Audio", "DisclosureTriangle", "group", "canvas")]
        assert len(controls) > 20, controls
        return [node["role"]["value"] for node in controls
                if not node.get("name", {}).get("value") and node["role"]["value"] != "group"]

    def picture(self, path):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.from_)


class Page(unittest.TestCase):
    key = KEY

    def setUp(self):
        program = find_browser()
        if not program:
            self.skipTest("chromium is not installed")
        self.server = Server(options, key=self.key)
        self.folder = tempfile.mkdtemp(prefix="chatterbox-page-")
        self.browser = Browser(program, self.folder)

    def tearDown(self):
        if hasattr(self, "browser"):
            self.browser.close()
            self.server.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def test_page(self):
        browser = self.browser
        browser.call("Page.navigate", url=self.server.address)
        # Without a key the page asks for one.
        browser.until("document.getElementById('key-section')?.hidden === false")
        browser.evaluate("document.getElementById('key').value = '%s';"
                         "document.getElementById('key').dispatchEvent(new Event('change'))" % KEY)
        recording = os.path.join(self.folder, "recording.wav")
        with open(recording, "wb") as file:
            file.write(speech_like(6))
        browser.until("document.querySelectorAll('.voice').length > 1 || !%s"
                      % ("true" if options.voices else "false"))

        # A recording that is no voice: the page says why.
        silent = os.path.join(self.folder, "silent.wav")
        with open(silent, "wb") as file:
            file.write(tone(6)[:44] + bytes(288000))
        browser.evaluate("document.getElementById('clone-name').value = 'Nobody'")
        browser.choose_file("#clone-file", silent)
        browser.evaluate("document.getElementById('clone').click()")
        browser.until("document.getElementById('clone-note').textContent.includes('got silence')")

        # Clone first: then there is a voice to choose, whatever is installed.
        browser.evaluate("document.getElementById('clone-name').value = 'Paige'")
        browser.choose_file("#clone-file", recording)
        browser.evaluate("document.getElementById('clone').click()")
        browser.until("document.getElementById('clone-note').textContent.includes('cloned successfully')")
        self.assertEqual(browser.evaluate("document.querySelector('input[name=voice]:checked').value"), "Paige")
        self.assertGreater(self.seconds("clone"), 0.5)

        browser.evaluate("document.getElementById('speak').click()")
        browser.until("document.getElementById('speak-note').textContent.includes('done')")
        self.assertGreater(self.seconds("speak"), 0.5)
        self.assertEqual(browser.evaluate("[...document.getElementById('model').options].map(o => o.value)"),
                         ["chatterbox"])
        self.assertEqual(browser.evaluate("[document.getElementById('language').hidden,"
                                          " document.getElementById('tags').hidden]"), [True, True])
        # Words, the wave and the history show it.
        words = browser.evaluate("document.getElementById('transcript').textContent.trim().split(/\\s+/).length")
        self.assertGreater(words, 5)
        self.assertEqual(browser.evaluate("document.querySelectorAll('#history li').length"), 1)
        self.assertGreater(browser.evaluate(
            "document.getElementById('wave').getContext('2d').getImageData(0, 0, 800, 90).data"
            ".reduce((sum, value) => sum + (value > 0), 0)"), 1000)
        self.picture("spoken")

        browser.choose_file("#convert-file", recording)
        browser.evaluate("document.getElementById('convert').click()")
        browser.until("document.getElementById('convert-note').textContent.includes('converted in')")
        self.assertAlmostEqual(self.seconds("convert"), 6.0, delta=0.1)

        # The browser's own recording format, from its pretended microphone.
        browser.evaluate("document.getElementById('convert-file').value = ''")
        browser.evaluate("document.getElementById('convert-record').click()")
        browser.until("document.getElementById('convert-record').textContent === 'Stop recording'")
        browser.evaluate("new Promise(done => setTimeout(done, 1500))")
        browser.evaluate("document.getElementById('convert-record').click()")
        # Its beeps are loud, which the page may say as well.
        browser.until("document.getElementById('convert-note').textContent.startsWith('Recorded')")
        browser.evaluate("document.getElementById('convert').click()")
        browser.until("document.getElementById('convert-note').textContent.includes('converted in')")
        self.assertGreater(self.seconds("convert"), 0.5)
        exceptions = [entry for entry in browser.console if "exceptionDetails" in entry]
        self.assertEqual(exceptions, [])
        self.assertEqual([entry for entry in browser.console
                          if "Content Security Policy" in json.dumps(entry)], [])
        self.assertEqual(browser.unnamed_controls(), [])
        browser.evaluate("document.getElementById('theme').click()")
        self.picture("dark")

    def picture(self, name):
        if options.pictures:
            self.browser.picture(os.path.join(options.pictures, name + ".png"))

    def seconds(self, name):
        return self.browser.evaluate(
            "(async () => { const audio = document.getElementById('%s-audio');"
            " while (!(audio.duration > 0)) await new Promise(done => setTimeout(done, 50));"
            " return audio.duration; })()" % name)


class Element(Page):
    """Audio that an <audio> element fetches by itself; such a one cannot show a key."""
    key = None

    def test_page(self):
        self.browser.call("Page.navigate", url=self.server.address)
        self.browser.until("document.querySelectorAll('.voice').length > 1")
        for form in ("wav", "mp3", "opus", "flac"):
            self.browser.evaluate(
                "(async () => { window.audio = new Audio('/v1/audio/speech?response_format=%s&input='"
                " + encodeURIComponent('A long story, told slowly. '.repeat(180)));"
                " await audio.play();"
                " while (audio.currentTime < 0.2) await new Promise(done => setTimeout(done, 20)); })()"
                % form)
            # Heard while most of it is still to be made.
            self.assertEqual(self.server.get("/health").json["workers"]["running"], 1, form)
            self.browser.evaluate("audio.src = ''")
            self.server.until(lambda: self.server.get("/health").json["workers"]["running"] == 0, 30,
                              "the end of speech that nobody hears")


if __name__ == "__main__":
    parser = arguments(__doc__)
    parser.add_argument("--pictures", help="a directory for pictures of the page")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"])
