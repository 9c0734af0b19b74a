// <weihe-progress>: asks again for itself until the job has ended, then goes where the answer says.
import { announce } from "./swap";

const pause = 1000;
const longestPause = 15000;

class JobProgress extends HTMLElement {
  private timer = 0;
  private failures = 0;

  connectedCallback(): void {
    this.wait();
  }

  disconnectedCallback(): void {
    window.clearTimeout(this.timer);
  }

  private wait(): void {
    if (!this.dataset["poll"]) return;
    const hidden = document.hidden ? 5 : 1;
    const delay = Math.min(pause * 2 ** this.failures * hidden, longestPause);
    this.timer = window.setTimeout(() => void this.ask(), delay);
  }

  private async ask(): Promise<void> {
    const address = this.dataset["poll"];
    if (!address) return;
    try {
      const response = await fetch(address, { headers: { "weihe-fragment": "1", accept: "text/html" } });
      if (response.redirected) {
        location.assign(response.url);
        return;
      }
      if (!response.ok) throw new Error(String(response.status));
      const answer = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = answer.querySelector<HTMLElement>("weihe-progress");
      if (!fresh) {
        location.reload();
        return;
      }
      this.failures = 0;
      this.take(fresh);
    } catch {
      this.failures += 1;
      const about = this.querySelector(".about");
      if (about) about.textContent = this.dataset["lost"] ?? "";
    }
    this.wait();
  }

  private take(fresh: HTMLElement): void {
    for (const name of ["poll", "then"]) {
      const value = fresh.dataset[name];
      if (value === undefined) delete this.dataset[name];
      else this.dataset[name] = value;
    }
    const label = this.querySelector(".label")?.textContent;
    this.replaceChildren(...Array.from(fresh.childNodes).map((node) => document.adoptNode(node)));
    const said = this.querySelector(".label")?.textContent;
    if (said && said !== label) announce(said);
    if (!this.dataset["poll"] && this.dataset["then"]) location.assign(this.dataset["then"]);
  }
}

customElements.define("weihe-progress", JobProgress);
