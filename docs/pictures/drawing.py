# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""Pictures as SVG, and speech as numbers to draw."""
import array
import html
import struct
import sys
import wave
import zlib

INK, GREY, BLUE, ORANGE, GREEN, PALE = (
    "#222", "#888", "#2f6fb0", "#c96a1e", "#3c8a4e", "#eef3f8")


class Drawing:
    def __init__(self, width, height):
        self.size, self.parts = (width, height), []

    def add(self, name, content="", **attributes):
        words = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in attributes.items())
        self.parts.append(f"<{name}{words}>{content}</{name}>" if content else f"<{name}{words}/>")

    def text(self, x, y, words, size=13, fill=INK, anchor="start", **more):
        self.add("text", html.escape(words), x=f"{x:g}", y=f"{y:g}", font_size=size, fill=fill,
                 text_anchor=anchor, **more)

    def box(self, x, y, width, height, fill=PALE, stroke=BLUE, radius=4):
        self.add("rect", x=f"{x:g}", y=f"{y:g}", width=f"{width:g}", height=f"{height:g}", rx=radius,
                 fill=fill, stroke=stroke)

    def line(self, x1, y1, x2, y2, stroke=GREY, **more):
        self.add("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", stroke=stroke, **more)

    def arrow(self, x1, y1, x2, y2, stroke=INK):
        self.line(x1, y1, x2, y2, stroke, marker_end="url(#tip)")

    def envelope(self, x, y, width, height, levels, fill):
        """Loudness over time, symmetric about `y`."""
        most = max(levels) or 1
        step = width / len(levels)
        points = [(x + i * step, height / 2 * level / most) for i, level in enumerate(levels)]
        path = ("M" + " L".join(f"{at:.1f},{y - up:.1f}" for at, up in points) + " L" +
                " L".join(f"{at:.1f},{y + up:.1f}" for at, up in reversed(points)) + " Z")
        self.add("path", d=path, fill=fill)

    def write(self, path):
        width, height = self.size
        tip = ('<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
               'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 Z" fill="#222"/></marker></defs>')
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                       f'width="{width}" height="{height}" font-family="sans-serif">\n'
                       f'{tip}\n<rect width="{width}" height="{height}" fill="#fff"/>\n' +
                       "\n".join(self.parts) + "\n</svg>\n")


def read_wav(path):
    """Samples of a mono file of 16 bits, and their rate."""
    with wave.open(str(path)) as file:
        samples = array.array("h", file.readframes(file.getnframes()))
        if sys.byteorder == "big":
            samples.byteswap()
        return samples, file.getframerate()


def loudness(samples, pieces):
    """The root mean square of each of so many pieces."""
    size = max(len(samples) // pieces, 1)
    return [(sum(s * s for s in samples[at:at + size]) / size) ** 0.5
            for at in range(0, size * pieces, size)]


def write_png(path, rows, palette):
    """Rows of indices into a palette of (red, green, blue), 0 to 255."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    size = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"PLTE", colours) +
                   chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)) +
                   chunk(b"IEND", b""))
