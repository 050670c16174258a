// The microphone: one recording, with its loudness while it lasts.

import { MOST_SECONDS } from "@musclemap/client";

/** What is recorded, by what a browser can, and the ending of its file. */
const TYPES = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
] as const;
const BITS_PER_SECOND = 24_000;
/** Samples of which the loudness is taken. */
const WINDOW = 1_024;

export class Recorder {
  readonly #stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #file: Promise<File>;
  readonly #context = new AudioContext();
  readonly #analyser: AnalyserNode;
  readonly #window = new Float32Array(WINDOW);
  readonly #begun = performance.now();
  #ended: number | null = null;
  readonly #limit: ReturnType<typeof setTimeout>;

  /** Whether this browser records, and lets this page do so. */
  static get isThere(): boolean {
    return typeof MediaRecorder !== "undefined" && navigator.mediaDevices !== undefined && typeOf() !== undefined;
  }

  /** Asks for the microphone, and begins. */
  static async begin(): Promise<Recorder> {
    return new Recorder(await navigator.mediaDevices.getUserMedia({ audio: true }));
  }

  private constructor(stream: MediaStream) {
    const [mimeType = "", ending = ""] = typeOf() ?? [];
    this.#stream = stream;
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = WINDOW;
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.#recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    const parts: Blob[] = [];
    this.#recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    this.#file = new Promise((resolve) => {
      this.#recorder.addEventListener("stop", () => {
        this.#end();
        resolve(new File(parts, `voice.${ending}`, { type: mimeType.replace(/;.*/, "") }));
      });
    });
    // Where the microphone is taken away, what there is ends.
    stream.getAudioTracks()[0]?.addEventListener("ended", () => this.#stop());
    this.#recorder.start(1_000);
    this.#limit = setTimeout(() => this.#stop(), MOST_SECONDS * 1_000 - 500);
  }

  /** How long it is. */
  get seconds(): number {
    return ((this.#ended ?? performance.now()) - this.#begun) / 1_000;
  }

  /** The loudness of this moment, from 0 to 1. */
  get level(): number {
    if (this.#ended !== null) return 0;
    this.#analyser.getFloatTimeDomainData(this.#window);
    return Math.min(1, this.#window.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
  }

  /** Ends it, unless it has ended by itself, and gives what was recorded. */
  finish(): Promise<File> {
    this.#stop();
    return this.#file;
  }

  /** Ends it for nothing. */
  discard(): void {
    this.#stop();
    this.#end();
  }

  #stop(): void {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  #end(): void {
    if (this.#ended !== null) return;
    this.#ended = performance.now();
    clearTimeout(this.#limit);
    for (const track of this.#stream.getTracks()) track.stop();
    void this.#context.close();
  }
}

function typeOf(): (typeof TYPES)[number] | undefined {
  return TYPES.find(([type]) => MediaRecorder.isTypeSupported(type));
}
