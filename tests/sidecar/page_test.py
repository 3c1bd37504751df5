#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page at /, in headless Chromium: speak, convert a recording, clone a voice; by mouse and by
keyboard, on screens of several widths."""
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


class Opened(unittest.TestCase):
    """A server, and a browser that has nothing to do yet."""
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

    def open(self):
        self.browser.call("Page.navigate", url=self.server.address)
        self.browser.until("document.querySelectorAll('.voice').length > 1")

    def picture(self, name):
        if options.pictures:
            self.browser.picture(os.path.join(options.pictures, name + ".png"))

    def seconds(self, name):
        return self.browser.evaluate(
            "(async () => { const audio = document.getElementById('%s-audio');"
            " while (!(audio.duration > 0)) await new Promise(done => setTimeout(done, 50));"
            " return audio.duration; })()" % name)

    def check_console(self):
        """Nothing was thrown, and nothing kept from being done."""
        self.assertEqual([entry for entry in self.browser.console if "exceptionDetails" in entry], [])
        self.assertEqual([entry for entry in self.browser.console
                          if "Content Security Policy" in json.dumps(entry)], [])


class Page(Opened):
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
        self.check_console()
        self.assertEqual(browser.unnamed_controls(), [])
        browser.evaluate("document.getElementById('theme').click()")
        self.picture("dark")


class Use(Opened):
    """The page as it is used: by mouse, by keyboard, on screens of any width."""
    key = None

    def click(self, selector):
        """With the mouse, where the element is."""
        place = self.browser.evaluate(
            "(() => { const one = document.querySelector(%s); one.scrollIntoView({block: 'center'});"
            " const box = one.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.browser.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
                              buttons=1, clickCount=1)

    def press(self, key, times=1, modifiers=0):
        code = {" ": 32, "Enter": 13, "Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40}[key]
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                text = {" ": " ", "Enter": "\r"}.get(key, "") if kind == "keyDown" else ""
                self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text,
                                  modifiers=modifiers, windowsVirtualKeyCode=code, nativeVirtualKeyCode=code)

    def focused(self):
        return self.browser.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")

    def spoken(self):
        self.browser.until("document.getElementById('speak-note').textContent.includes('done')")

    def sent(self):
        """What was asked of the server for speech, and what came, in order."""
        return self.browser.evaluate("window.asked")

    def watch_requests(self):
        self.browser.evaluate(
            "window.asked = []; window.sounds = []; const real = window.fetch; window.fetch = (path, options) => {"
            " window.asked.push([path, options?.method || 'GET', options?.body || '']); return real(path, options); };"
            " const play = Audio.prototype.play;"
            " Audio.prototype.play = function() { window.sounds.push(this); return play.call(this); }; true")

    def test_preview(self):
        """Hear: a sentence by that voice; another one takes its place."""
        self.open()
        self.watch_requests()
        names = self.browser.evaluate("[...document.querySelectorAll('.voice button')].map(b => b.ariaLabel)")
        self.assertGreater(len(names), 10)
        self.assertEqual([name for name in names if not name.startswith("Hear ")], [])
        for name in names[:2]:
            self.click("[aria-label='%s']" % name)
            self.browser.until("document.getElementById('voices-note').textContent === 'This is %s.'" % name[5:])
        self.assertEqual([path.split("?")[0] for path, _, _ in self.sent() if "preview" in path],
                         ["v1/audio/voices/%s/preview" % name[5:] for name in names[:2]])
        self.assertEqual(self.browser.evaluate("window.sounds.map(s => s.duration > 1)"), [True, True])
        # The first is silent now, the second goes on to its end.
        self.assertTrue(self.browser.evaluate("window.sounds[0].paused || window.sounds[0].ended"))
        self.browser.until("document.getElementById('voices-note').textContent === ''")
        # What cannot be heard is told.
        self.browser.evaluate("window.fetch = () => Promise.reject(new Error('the line is cut')); true")
        self.click("[aria-label='%s']" % names[0])
        self.browser.until("document.querySelector('#voices-note.bad').textContent === 'the line is cut'")
        self.check_console()

    def test_sliders_and_seed(self):
        """What was moved is asked for, and nothing else."""
        self.open()
        self.watch_requests()
        self.click("details summary")
        wanted = {"input": self.browser.evaluate("document.getElementById('text').value"), "model": "chatterbox"}
        for name, key, times, value in (("exaggeration", "ArrowRight", 4, 0.7), ("cfg_weight", "ArrowLeft", 2, 0.4),
                                        ("temperature", "ArrowRight", 3, 0.95), ("speed", "ArrowRight", 5, 1.25)):
            before = self.browser.evaluate("document.querySelector('output[for=%s]').textContent" % name)
            self.browser.evaluate("document.getElementById('%s').focus()" % name)
            self.press(key, times)
            shown = self.browser.evaluate("document.querySelector('output[for=%s]').textContent" % name)
            self.assertNotEqual(shown, before)
            self.assertAlmostEqual(float(shown), value)
            wanted[name] = value
        self.browser.evaluate("document.getElementById('seed').focus()")
        self.browser.call("Input.insertText", text="77")
        self.click("#speak")
        self.spoken()
        body = json.loads([body for path, _, body in self.sent() if path == "v1/audio/speech"][0])
        self.assertEqual({name: body[name] for name in wanted}, wanted)
        self.assertEqual(body["seed"], 77)
        self.assertIn("seed 77", self.browser.evaluate("document.querySelector('#history .row').textContent"))
        # At their defaults they are left to the model.
        self.open()
        self.watch_requests()
        self.click("#speak")
        self.spoken()
        body = json.loads([body for path, _, body in self.sent() if path == "v1/audio/speech"][0])
        self.assertEqual([name for name in ("exaggeration", "cfg_weight", "temperature", "speed") if name in body], [])
        self.check_console()

    def test_downloads(self):
        """WAV, MP3 and Opus of what was spoken, all the same speech."""
        self.open()
        folder = os.path.join(self.folder, "saved")
        os.mkdir(folder)
        self.browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
        self.browser.evaluate("document.getElementById('text').value = 'Hello there.'")
        self.click("#speak")
        self.spoken()
        length = self.seconds("speak")
        for label, name, magic in (("WAV", "speech.wav", b"RIFF"), ("MP3", "speech.mp3", None),
                                   ("Opus", "speech.ogg", b"OggS")):
            self.click("#history [aria-label='Save as %s: Hello there.']" % label)
            path = os.path.join(folder, name)
            self.server.until(lambda: os.path.exists(path) and os.path.getsize(path) > 500, 30, name)
            with open(path, "rb") as file:
                data = file.read()
            if magic:
                self.assertEqual(data[:4], magic)
            else:
                self.assertTrue(data[:3] == b"ID3" or data[0] == 0xff and data[1] & 0xe0 == 0xe0, data[:4])
            heard = self.browser.evaluate(
                "(async () => { const bytes = Uint8Array.from(atob(%s), c => c.charCodeAt(0));"
                " return (await new AudioContext().decodeAudioData(bytes.buffer)).duration; })()" % json.dumps(b64(data)))
            self.assertAlmostEqual(heard, length, delta=0.15, msg=label)
        self.check_console()

    def test_keyboard(self):
        """Everything is reached by Tab, in the order it is seen, and used from there."""
        self.open()
        self.browser.evaluate("document.body.focus()")
        self.press("Tab")
        self.assertEqual(self.focused(), "Skip to the text")
        self.press("Enter")
        self.assertEqual(self.focused(), "text")
        # Speech begins from within the text; Stop ends it.
        self.press("Enter", modifiers=2)
        self.spoken()
        self.browser.evaluate("document.getElementById('theme').focus()")
        self.press(" ")
        self.assertEqual(self.browser.evaluate("document.documentElement.dataset.theme"), "dark")
        self.assertEqual(self.browser.evaluate("document.getElementById('theme').ariaPressed"), "true")
        self.press("Tab")
        self.assertEqual(self.focused(), "filter")
        self.browser.call("Input.insertText", text="narrator")
        self.browser.until("document.querySelectorAll('.voice').length < 20")
        self.press("Tab")
        chosen = "document.querySelector('input[name=voice]:checked')?.value ?? null"
        # From card to card with the arrows, which choose.
        self.press("ArrowDown")
        first = self.browser.evaluate(chosen)
        self.press("ArrowDown")
        second = self.browser.evaluate(chosen)
        self.assertTrue(first and second and first != second, (first, second))
        # The rest in the order it stands in.
        self.browser.evaluate("document.querySelector('details').open = true")
        seen = []
        for _ in range(80):
            self.press("Tab")
            at = self.focused()
            if at == "Skip to the text" or self.browser.evaluate("document.activeElement === document.body"):
                break
            seen.append(at)
            # It can be seen where one is.
            self.assertEqual(self.browser.evaluate(
                "document.activeElement.tagName === 'AUDIO' ||"   # its own controls have their own ring
                " document.activeElement.matches(':focus-visible') &&"
                " getComputedStyle(document.activeElement).outlineStyle !== 'none'"), True, at)
        ids = [at for at in seen if at in ("model", "text", "exaggeration", "cfg_weight", "temperature", "speed", "seed",
                                           "speak", "stop", "convert-file", "convert-record", "convert", "clone-name",
                                           "clone-description", "clone-file", "clone-record", "clone")]
        self.assertEqual(list(dict.fromkeys(ids)),
                         ["model", "text", "exaggeration", "cfg_weight", "temperature", "speed", "seed", "speak", "stop",
                          "convert-file", "convert-record", "convert", "clone-name", "clone-description", "clone-file",
                          "clone-record", "clone"])
        for button in ("Hear", "MP3", "Opus", "WAV"):
            self.assertIn(button, seen)
        self.check_console()

    def test_widths(self):
        """Nothing stands out of what it is in, nothing is unnamed, on a phone and on a desk."""
        self.open()
        self.browser.evaluate("document.querySelector('details').open = true")
        self.click("#speak")
        self.spoken()
        for width in (320, 400, 765, 1280):
            self.browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                              mobile=width < 500)
            for scheme in ("light", "dark"):
                self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
                out = self.browser.evaluate(
                    "[...document.querySelectorAll('main *, header *')].filter(one => {"
                    " const box = one.getBoundingClientRect(), card = one.closest('section, header');"
                    " if (!box.width || one === card) return false;"
                    " const style = getComputedStyle(card), outer = card.getBoundingClientRect();"
                    " return box.right > outer.right - parseFloat(style.paddingRight) + 0.5"
                    "  || box.left < outer.left + parseFloat(style.paddingLeft) - 0.5;"
                    "}).map(one => one.tagName + '#' + one.id)")
                self.assertEqual(out, [], (width, scheme))
                self.assertLessEqual(self.browser.evaluate("document.documentElement.scrollWidth"), width)
                self.picture("%d-%s" % (width, scheme))
                self.assertEqual(self.contrast(), [], (width, scheme))
        self.assertEqual(self.browser.unnamed_controls(), [])
        self.check_console()

    def contrast(self):
        """Texts that stand out less from their ground than 4.5 to 1, by WCAG's formula."""
        return self.browser.evaluate("""(() => {
          const light = text => {
            const [r, g, b] = text.match(/[\\d.]+/g).map(Number).map(v => v / 255)
              .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = one => {
            for (let at = one; at; at = at.parentElement) {
              const color = getComputedStyle(at).backgroundColor;
              if (!/, 0\\)$/.test(color) && color !== 'transparent') return color;
            }
            return 'rgb(255, 255, 255)';
          };
          return [...document.querySelectorAll('h1, h2, h3, p, label, button, a, span, output, summary, li')]
            .filter(one => one.textContent.trim() && one.getBoundingClientRect().width && !one.matches('.skip'))
            .filter(one => {
              const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
              return (a + 0.05) / (b + 0.05) < 4.5;
            }).map(one => one.tagName + ' ' + one.textContent.trim().slice(0, 30));
        })()""")


class Element(Opened):
    """Audio that an <audio> element fetches by itself; such a one cannot show a key."""
    key = None

    def test_page(self):
        self.open()
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
    parser.add_argument("-k", action="append", help="only tests whose name holds this")
    options = parser.parse_args()
    unittest.main(argv=[__file__, "-v"] + [a for k in options.k or [] for a in ("-k", k)])
