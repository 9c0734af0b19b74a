// The legend, which is also the filter: each class is a button that shows or hides its places.
import colours from "../../colours.json";
import { type Figures, missingClass } from "./model";

export interface LegendWords {
  noValue: string;
  hint: string;
}

export class Legend {
  /** The classes that are switched off. */
  readonly off = new Set<number>();

  constructor(
    private readonly place: HTMLElement,
    private readonly words: LegendWords,
    private readonly changed: () => void,
  ) {}

  draw(figures: Figures): void {
    const counts = new Map<number, number>();
    for (const value of Object.values(figures.values)) {
      const one = value.class ?? missingClass;
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    const gap = document.documentElement.lang.startsWith("zh") ? "" : " ";
    const unit = figures.unit ? `${gap}(${figures.unit})` : "";
    const title = element("p", "legend-title", `${figures.figure}${unit}`);
    const list = element("ul", "legend");
    figures.classes.forEach((one, index) => list.append(this.entry(index + 1, one.label, one.colour, counts.get(index + 1) ?? 0)));
    if ((counts.get(missingClass) ?? figures.missing) > 0) {
      list.append(this.entry(missingClass, figures.missing_label ?? this.words.noValue, colours.missing, counts.get(missingClass) ?? figures.missing));
    }
    const parts: Node[] = [title, list, element("p", "hint", this.words.hint)];
    if (figures.note) parts.push(element("p", "hint", figures.note));
    this.place.replaceChildren(...parts);
  }

  private entry(number: number, label: string, colour: string, count: number): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "legend-class";
    button.setAttribute("aria-pressed", String(!this.off.has(number)));
    const square = element("span", number === missingClass ? "swatch fill-missing" : "swatch");
    square.style.backgroundColor = colour;
    button.append(square, element("span", "", label), element("span", "count", String(count)));
    button.addEventListener("click", () => {
      if (this.off.has(number)) this.off.delete(number);
      else this.off.add(number);
      button.setAttribute("aria-pressed", String(!this.off.has(number)));
      this.changed();
    });
    const item = element("li", "");
    item.append(button);
    return item;
  }
}

export function element(tag: string, className: string, words?: string): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (words !== undefined) made.textContent = words;
  return made;
}
