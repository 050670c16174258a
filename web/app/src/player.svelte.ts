// The one recording that is played: it plays on whatever is open meanwhile.

import type { AttachmentView, Client } from "@musclemap/client";

export const SPEEDS = [1, 1.5, 2] as const;

/** What is played, and where it stands. */
export interface Playing {
  attachment: AttachmentView;
  conversation: string;
  name: string;
}

export class Player {
  readonly #client: Client;
  readonly #audio = new Audio();
  /** The last link that was renewed after a failure. */
  #renewed: string | null = null;
  /** Frames are asked for while it plays, as the events of an element are few. */
  #frame = 0;
  playing = $state.raw<Playing | null>(null);
  isPaused = $state(true);
  seconds = $state(0);
  speed = $state<(typeof SPEEDS)[number]>(1);
  hasFailed = $state(false);

  constructor(client: Client) {
    this.#client = client;
    const audio = this.#audio;
    audio.preload = "auto";
    audio.addEventListener("play", () => this.#follow());
    audio.addEventListener("pause", () => (this.isPaused = true));
    audio.addEventListener("ended", () => this.#end());
    audio.addEventListener("error", () => void this.#failed());
  }

  is(attachment: Pick<AttachmentView, "id">): boolean {
    return this.playing?.attachment.id === attachment.id;
  }

  /** How long what is played lasts: recorders say nothing of it in their files. */
  get length(): number {
    return this.playing?.attachment.durationSeconds ?? 0;
  }

  /** Plays a recording from where it is, or holds it. */
  toggle(wanted: Playing): void {
    if (!this.is(wanted.attachment)) this.#take(wanted);
    if (this.#audio.paused) this.#play();
    else this.#audio.pause();
  }

  /** Goes on at this second. */
  seek(wanted: Playing, seconds: number): void {
    if (!this.is(wanted.attachment)) this.#take(wanted);
    this.seconds = Math.max(0, Math.min(seconds, this.length));
    this.#audio.currentTime = this.seconds;
  }

  faster(): void {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length] ?? 1;
    this.#audio.playbackRate = this.speed;
  }

  stop(): void {
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    [this.playing, this.seconds] = [null, 0];
  }

  #take(wanted: Playing): void {
    this.#audio.pause();
    [this.playing, this.seconds, this.hasFailed, this.#renewed] = [wanted, 0, false, null];
    this.#load(this.#client.files.of(wanted.attachment).url);
  }

  #load(url: string | null): void {
    if (url === null) return;
    this.#audio.src = url;
    this.#audio.defaultPlaybackRate = this.speed;
    this.#audio.playbackRate = this.speed;
  }

  #play(): void {
    this.hasFailed = false;
    // A browser may refuse, or another recording take its place.
    this.#audio.play().catch(() => (this.isPaused = this.#audio.paused));
  }

  #follow(): void {
    this.isPaused = false;
    cancelAnimationFrame(this.#frame);
    const look = () => {
      if (this.#audio.paused) return;
      this.seconds = Math.min(this.#audio.currentTime, this.length);
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }

  #end(): void {
    this.isPaused = true;
    this.seconds = 0;
    this.#audio.currentTime = 0;
  }

  /** A link may have expired: another one is tried once. */
  async #failed(): Promise<void> {
    const { playing } = this;
    if (!playing) return;
    const at = this.seconds;
    if (this.#renewed !== playing.attachment.id) {
      this.#renewed = playing.attachment.id;
      const { url } = await this.#client.files.renew(playing.attachment.id).catch(() => ({ url: null }));
      if (!this.is(playing.attachment)) return;
      if (url !== null) {
        this.#load(url);
        this.#audio.currentTime = at;
        this.#play();
        return;
      }
    }
    this.isPaused = true;
    this.hasFailed = true;
  }
}
