// Requests for a key that come together cause one run; one during a run causes another.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gathering } from "../src/gathering.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function gathering() {
  const ends: (() => void)[] = [];
  const act = vi.fn((_: string) => new Promise<void>((resolve) => ends.push(resolve)));
  return { act, ends, gathering: new Gathering(100, act) };
}

test("what is asked for together is done once for each key", async () => {
  const { act, gathering: asked } = gathering();
  for (const key of ["a", "b", "a", "a"]) asked.soon(key);
  await vi.advanceTimersByTimeAsync(100);
  expect(act.mock.calls).toEqual([["a"], ["b"]]);
});

test("what is asked for while it is done is done once more, after that", async () => {
  const { act, ends, gathering: asked } = gathering();
  asked.soon("a");
  await vi.advanceTimersByTimeAsync(100);
  asked.soon("a");
  asked.soon("a");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(act).toHaveBeenCalledTimes(1);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(100);
  expect(act).toHaveBeenCalledTimes(2);
});

test("nothing is done after the stop", async () => {
  const { act, ends, gathering: asked } = gathering();
  asked.soon("a");
  await vi.advanceTimersByTimeAsync(100);
  asked.soon("a");
  asked.soon("b");
  asked.stop();
  ends[0]!();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(act.mock.calls).toEqual([["a"]]);
});
