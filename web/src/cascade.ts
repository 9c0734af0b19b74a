// <weihe-cascade>: selects whose choices depend on the one before.

interface Choice {
  value: string;
  label: string;
}

class Cascade extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("change", (event) => {
      const selects = Array.from(this.querySelectorAll("select"));
      const changed = selects.indexOf(event.target as HTMLSelectElement);
      if (changed < 0) return;
      for (const below of selects.slice(changed + 1)) this.fill(below, []);
      const next = selects[changed + 1];
      const value = selects[changed]?.value ?? "";
      // Inside a live form the answer brings the next choices.
      if (next && value !== "" && !this.closest("form[data-live]")) void this.load(next, value);
    });
  }

  private async load(select: HTMLSelectElement, parent: string): Promise<void> {
    const address = (this.dataset["options"] ?? "").replace("{value}", encodeURIComponent(parent));
    try {
      const response = await fetch(address, { headers: { accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      this.fill(select, (await response.json()) as Choice[]);
    } catch {
      const empty = select.options[0];
      if (empty) empty.textContent = this.dataset["failed"] ?? "";
    }
  }

  private fill(select: HTMLSelectElement, choices: Choice[]): void {
    select.length = 1;
    for (const choice of choices) select.add(new Option(choice.label, choice.value));
    select.value = "";
    select.disabled = choices.length === 0;
  }
}

customElements.define("weihe-cascade", Cascade);
