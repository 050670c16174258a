// Placeholders of images, and sizes of files.

import { expect, test } from "vitest";
import { decode } from "../src/thumbhash.ts";
import { size } from "../src/sizes.ts";

/** A thumbhash of one colour: the means of its channels, without waves. */
function plain(light: number, yellow: number, red: number, header: number): string {
  const first = light | (yellow << 6) | (red << 12);
  // Amounts of no weight, as their scales are 0.
  const bytes = [first & 255, (first >> 8) & 255, first >> 16, header & 255, header >> 8, ...Array.from({ length: 20 }, () => 0)];
  return btoa(String.fromCharCode(...bytes));
}

test.each([
  ["white", plain(63, 31, 31, 7), [255, 255, 255]],
  ["black", plain(0, 31, 31, 7), [0, 0, 0]],
  ["yellow", plain(42, 63, 31, 7), [255, 255, 0]],
])("a placeholder is %s", (_, hash, expected) => {
  const picture = decode(hash)!;
  expect([picture.width, picture.height]).toEqual([32, 32]);
  for (let at = 0; at < picture.pixels.length; at += 4) {
    const [red = 0, green = 0, blue = 0, opacity] = picture.pixels.slice(at, at + 4);
    for (const [nth, value] of [red, green, blue].entries()) expect(Math.abs(value - expected[nth]!)).toBeLessThan(12);
    expect(opacity).toBe(255);
  }
});

test("a wide image has a wide placeholder, a tall one a tall one", () => {
  const wide = decode(plain(32, 31, 31, 0x8000 | 4))!;
  expect([wide.width, wide.height]).toEqual([32, 18]);
  const tall = decode(plain(32, 31, 31, 4))!;
  expect([tall.width, tall.height]).toEqual([18, 32]);
});

// Hashes that the server has made of images with two halves.
test.each([
  ["15YCnZqHh4eIh4iPd4d4cH93+Id4", [32, 23], [200, 40, 40], [40, 40, 200]],
  ["X9gBmxqGiHh4j3eHj4j4iIc=", [14, 32], [200, 140, 40], [40, 140, 200]],
])("%s has the colours of its image, about", (hash, size, left, right) => {
  const { width, height, pixels } = decode(hash)!;
  expect([width, height]).toEqual(size);
  for (const [x, colour] of [[1, left], [width - 2, right]] as const) {
    const at = ((height >> 1) * width + x) * 4;
    for (const [nth, value] of colour.entries()) expect(Math.abs(pixels[at + nth]! - value)).toBeLessThan(60);
  }
});

test.each(["", "AAAA", "no base64!"])("%j is no placeholder", (text) => expect(decode(text)).toBeUndefined());

test.each([
  [1, "1 byte"],
  [999, "999 bytes"],
  [1_500, "2 kB"],
  [2_345_678, "2.3 MB"],
  [26_214_400, "26 MB"],
])("%i bytes are %s", (bytes, expected) => expect(size(bytes, "en")).toBe(expected));
