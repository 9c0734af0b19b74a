// <weihe-upload>: sends the form inside it with a progress bar and takes what comes back as the page.
import { announce } from "./swap";

class Upload extends HTMLElement {
  private request: XMLHttpRequest | undefined;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const input = this.querySelector<HTMLInputElement>("input[type=file]");
    const drop = this.querySelector<HTMLElement>(".drop");
    if (!form || !input || !drop) return;
    form.addEventListener("submit", (event) => {
      if (!input.files?.length || !form.checkValidity()) return;
      event.preventDefault();
      event.stopPropagation();
      this.send(form);
    });
    this.querySelector<HTMLButtonElement>(".sending button")?.addEventListener("click", () => this.request?.abort());
    for (const name of ["dragenter", "dragover"]) {
      drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.add("over");
      });
    }
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      const files = event.dataTransfer?.files;
      if (!files?.length) return;
      input.files = files;
      this.check(input);
    });
    input.addEventListener("change", () => this.check(input));
  }

  /** A file that is too large is refused before it is sent. */
  private check(input: HTMLInputElement): void {
    const most = Number(this.dataset["most"] ?? "0");
    const size = input.files?.[0]?.size ?? 0;
    const tooLarge = most > 0 && size > most;
    input.setCustomValidity(tooLarge ? (this.querySelector(".hint")?.textContent ?? "!") : "");
    if (tooLarge) input.reportValidity();
  }

  private send(form: HTMLFormElement): void {
    const request = new XMLHttpRequest();
    this.request = request;
    this.showSending(form, true);
    const bar = this.querySelector<HTMLProgressElement>(".sending progress");
    request.upload.addEventListener("progress", (event) => {
      if (!bar || !event.lengthComputable) return;
      bar.value = (event.loaded / event.total) * 100;
      this.say(`${this.dataset["sending"] ?? ""} ${Math.floor(bar.value)}%`, false);
    });
    request.upload.addEventListener("load", () => {
      bar?.removeAttribute("value");
      this.say(this.dataset["waiting"] ?? "", true);
    });
    request.addEventListener("load", () => this.answer(form, request));
    request.addEventListener("error", () => this.fail(form));
    request.addEventListener("abort", () => this.showSending(form, false));
    request.open("POST", form.action);
    request.setRequestHeader("accept", "text/html");
    request.send(new FormData(form));
  }

  /** A redirect is followed; a page that came back with faults takes the place of this one. */
  private answer(form: HTMLFormElement, request: XMLHttpRequest): void {
    const moved = request.responseURL !== "" && request.responseURL !== form.action;
    if (request.status < 400 && moved) {
      location.assign(request.responseURL);
      return;
    }
    const answer = new DOMParser().parseFromString(request.responseText, "text/html");
    const fresh = answer.getElementById("work");
    const old = document.getElementById("work");
    if (!fresh || !old) {
      this.fail(form);
      return;
    }
    document.title = answer.title;
    const placed = document.adoptNode(fresh);
    old.replaceWith(placed);
    (placed.querySelector<HTMLElement>("[data-focus]") ?? placed).focus();
  }

  private fail(form: HTMLFormElement): void {
    this.showSending(form, false);
    let place = this.querySelector<HTMLElement>(".notice");
    if (!place) {
      place = document.createElement("div");
      place.className = "notice fix";
      place.setAttribute("role", "alert");
      this.prepend(place);
    }
    place.textContent = this.dataset["failed"] ?? "";
  }

  private showSending(form: HTMLFormElement, sending: boolean): void {
    form.hidden = sending;
    const box = this.querySelector<HTMLElement>(".sending");
    if (box) box.hidden = !sending;
  }

  private say(words: string, aloud: boolean): void {
    const label = this.querySelector(".sending .label");
    if (label) label.textContent = words;
    if (aloud) announce(words);
  }
}

customElements.define("weihe-upload", Upload);
