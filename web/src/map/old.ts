// The few functions that MapLibre GL uses and Chromium 86 does not have yet. Imported first by the map
// and by its worker.

interface Holder {
  [name: string]: unknown;
}

function add(holder: object, name: string, value: unknown): void {
  if (name in holder) return;
  Object.defineProperty(holder as Holder, name, { value, writable: true, configurable: true });
}

function at<T>(this: ArrayLike<T>, index: number): T | undefined {
  const place = Math.trunc(index) || 0;
  return this[place < 0 ? this.length + place : place];
}

for (const holder of [Array.prototype, String.prototype, Object.getPrototypeOf(Int8Array.prototype) as object]) add(holder, "at", at);
add(Object, "hasOwn", (holder: object, name: PropertyKey) => Object.prototype.hasOwnProperty.call(holder, name));

export {};
