// Which of a peer's URLs is used: always the same one, until it fails; then the next. Mirrors etcd's rafthttp/urlpick.go.

export class UrlPicker {
  #urls: readonly string[];
  #picked = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  update(urls: readonly string[]): void {
    this.#urls = urls;
    this.#picked = 0;
  }

  pick(): string {
    return this.#urls[this.#picked] ?? '';
  }

  /** Says that `url` failed; when it is still the one in use, the next one takes its place. */
  unreachable(url: string): void {
    if (url === this.pick() && this.#urls.length > 0) this.#picked = (this.#picked + 1) % this.#urls.length;
  }
}
