// The names of senders are read in every hue, on light and on dark bubbles.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const CSS = readFileSync(new URL("../src/app.css", import.meta.url), "utf8");
/** Of text, by WCAG 2.2, level AA. */
const LEAST = 4.5;
const SATURATION = 0.55;

type Colour = [red: number, green: number, blue: number];

function hsl(hue: number, lightness: number): Colour {
  const reach = SATURATION * Math.min(lightness, 1 - lightness);
  const part = (from: number) => {
    const at = (from + hue / 30) % 12;
    return lightness - reach * Math.max(-1, Math.min(at - 3, 9 - at, 1));
  };
  return [part(0), part(8), part(4)];
}

function hex(text: string): Colour {
  const long = text.length === 4 ? [...text.slice(1)].map((digit) => digit + digit).join("") : text.slice(1);
  const part = (at: number) => Number.parseInt(long.slice(at, at + 2), 16) / 255;
  return [part(0), part(2), part(4)];
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)) as Colour;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: Colour, other: Colour): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test.each(["light", "dark"])("names stand out in every hue of the %s scheme", (scheme) => {
  const rules = [...CSS.matchAll(/:root[^{]*\{([^}]*)\}/g)].map((rule) => rule[1] ?? "");
  const rule = rules.find((one) => one.includes(`color-scheme: ${scheme}`)) ?? "";
  const value = (name: string) => new RegExp(`--${name}: ([^;]+);`).exec(rule)?.[1] ?? "";
  const lightness = Number.parseInt(value("name-light"), 10) / 100;
  const hues = [...CSS.matchAll(/\.hue-(\d+) \{ --hue: (\d+); \}/g)];
  expect(hues.length).toBe(12);
  for (const [, number, hue] of hues) {
    expect(contrast(hsl(Number(hue), lightness), hex(value("theirs"))), `hue ${number}`).toBeGreaterThanOrEqual(LEAST);
  }
});
