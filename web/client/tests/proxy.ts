// A proxy of TCP that cuts, delays, and withholds answers, to the system under test.

import { type AddressInfo, type Server, type Socket, connect, createServer } from "node:net";

export class Proxy {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  /** Answers are read and not passed on. */
  withholds = false;
  /** New connections are refused. */
  refuses = false;
  delayMs = 0;

  static async to(url: string): Promise<Proxy> {
    const proxy = new Proxy(new URL(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      if (this.refuses) {
        client.destroy();
        return;
      }
      const server = connect(Number(target.port), target.hostname);
      for (const socket of [client, server]) {
        this.#open.add(socket);
        socket.on("error", () => socket.destroy());
        socket.on("close", () => {
          this.#open.delete(socket);
          server.destroy();
          // What the server has said before is passed on first.
          if (socket === server) setTimeout(() => client.end(), this.delayMs);
        });
      }
      client.on("data", (bytes) => server.write(bytes));
      server.on("data", (bytes) => {
        if (!this.withholds) setTimeout(() => client.write(bytes), this.delayMs);
      });
    });
  }

  /** The same URL, through the proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.port = String((this.#server.address() as AddressInfo).port);
    return changed.href;
  }

  cut(): void {
    for (const socket of [...this.#open]) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
