/**
 * As much of a browser's XMLHttpRequest as npm's grpc-web uses, over fetch: Node has none. The states, and what may be read in each, are those of
 * https://xhr.spec.whatwg.org; nothing of gRPC-Web is done here.
 */
export class TestXmlHttpRequest {
  readyState = 0;
  status = 0;
  statusText = "";
  responseType = "";
  responseText = "";
  response: ArrayBuffer | string | null = null;
  withCredentials = false;
  timeout = 0;
  onreadystatechange: (() => void) | null = null;
  ontimeout: (() => void) | null = null;
  #verb = "";
  #url = "";
  #headers = new Headers();
  #answered = new Headers();
  readonly #abort = new AbortController();

  open(verb: string, url: string): void {
    this.#verb = verb;
    this.#url = url;
    this.#become(1);
  }

  setRequestHeader(name: string, value: string): void {
    this.#headers.append(name, value);
  }

  send(body: Uint8Array<ArrayBuffer> | string | null): void {
    void this.#exchange(body).catch(() => {
      // A network error has the status 0, and nothing else that a page may know.
      if (this.#abort.signal.aborted) return;
      this.status = 0;
      this.#become(4);
    });
  }

  abort(): void {
    this.#abort.abort();
  }

  getResponseHeader(name: string): string | null {
    return this.#answered.get(name);
  }

  getAllResponseHeaders(): string {
    return [...this.#answered].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  async #exchange(body: Uint8Array<ArrayBuffer> | string | null): Promise<void> {
    const { signal } = this.#abort;
    const answer = await fetch(this.#url, { method: this.#verb, headers: this.#headers, body, signal });
    this.status = answer.status;
    this.#answered = answer.headers;
    this.#become(2);
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk);
      if (this.responseType !== "arraybuffer")
        this.response = this.responseText += Buffer.from(chunk).toString("latin1");
      this.#become(3);
    }
    if (this.responseType === "arraybuffer") this.response = new Uint8Array(Buffer.concat(chunks)).buffer;
    this.#become(4);
  }

  #become(state: number): void {
    this.readyState = state;
    this.onreadystatechange?.();
  }
}

/** Makes it global, where grpc-web looks for it. */
export function installXmlHttpRequest(): void {
  Object.assign(globalThis, { XMLHttpRequest: TestXmlHttpRequest });
}
