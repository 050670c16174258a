// Recordings: each is sent once, in its conversation, when it is ready; one that cannot be stays until it is removed.

import { expect, test } from "vitest";
import { type AttachmentView, Recordings, type Upload, type Uploads } from "../src/index.ts";

/** Uploads that go on when the test says so. */
class ByHand {
  all: Upload[] = [];
  #listener = () => {};

  onChange(listener: () => void): () => void {
    this.#listener = listener;
    return () => {};
  }

  of(place: string): Upload[] {
    return this.all.filter((upload) => upload.place === place);
  }

  add(place: string, file: File): Upload {
    const upload: Upload = { id: `u${this.all.length}`, place, file, sent: 0, state: "uploading", reason: null, attachment: null };
    this.all.push(upload);
    return upload;
  }

  remove(id: string): void {
    this.all = this.all.filter((upload) => upload.id !== id);
    this.#listener();
  }

  set(id: string, change: Partial<Upload>): void {
    this.all = this.all.map((upload) => (upload.id === id ? { ...upload, ...change } : upload));
    this.#listener();
  }
}

test("a recording is sent once when it is ready, where it was made", () => {
  const [uploads, sent] = [new ByHand(), [] as unknown[]];
  const recordings = new Recordings(uploads as unknown as Uploads, async (...said) => sent.push(said));
  const file = new File(["x"], "voice.webm", { type: "audio/webm" });
  const [first, second, third] = [recordings.add("a", file, "m"), recordings.add("b", file, null), recordings.add("a", file, null)];
  expect(recordings.of("a").map((one) => one.id)).toEqual([first.id, third.id]);
  const attachment = { id: "file" } as AttachmentView;
  uploads.set(first.id, { state: "scanning", attachment });
  expect(sent).toEqual([]);
  uploads.set(first.id, { state: "ready" });
  uploads.set(second.id, { state: "rejected", reason: "NO_AUDIO" });
  uploads.set(third.id, { sent: 1 });
  expect(sent).toEqual([["a", "m", attachment]]);
  expect(recordings.of("b").map((one) => one.reason)).toEqual(["NO_AUDIO"]);
  recordings.remove(second.id);
  recordings.remove(third.id);
  expect([...recordings.of("a"), ...recordings.of("b"), ...uploads.all]).toEqual([]);
  expect(sent.length).toBe(1);
});
