// <weihe-passkey>: asks the browser for a passkey and sends what it says with the form inside. Without it a
// password and a code do the same.
interface Options {
  challenge: string;
  rpId: string;
  user?: { id: string; name: string; displayName: string };
  credentials: string[];
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  const out = new Uint8Array(plain.length);
  for (let place = 0; place < plain.length; place += 1) out[place] = plain.charCodeAt(place);
  return out;
};

const text = (buffer: ArrayBuffer | null): string => {
  if (!buffer) return "";
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const known = (ids: string[]): PublicKeyCredentialDescriptor[] => ids.map((id) => ({ type: "public-key", id: bytes(id) }));

async function make(options: Options): Promise<object> {
  const user = options.user;
  if (!user) throw new Error("no user");
  const made = (await navigator.credentials.create({
    publicKey: {
      rp: { id: options.rpId, name: document.title },
      user: { id: bytes(user.id), name: user.name, displayName: user.displayName },
      challenge: bytes(options.challenge),
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key" as const, alg })),
      excludeCredentials: known(options.credentials),
      authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
      attestation: "none",
      timeout: 240_000,
    },
  })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  return { id: text(made.rawId), clientData: text(response.clientDataJSON), attestation: text(response.attestationObject) };
}

async function use(options: Options): Promise<object> {
  const used = (await navigator.credentials.get({
    publicKey: {
      rpId: options.rpId,
      challenge: bytes(options.challenge),
      allowCredentials: known(options.credentials),
      userVerification: "required",
      timeout: 240_000,
    },
  })) as PublicKeyCredential;
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    id: text(used.rawId),
    clientData: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
    userHandle: text(response.userHandle),
  };
}

class Passkey extends HTMLElement {
  connectedCallback(): void {
    const form = this.querySelector("form");
    if (!form) return;
    if (!window.PublicKeyCredential) {
      this.say("none");
      this.querySelector("button")?.setAttribute("disabled", "");
      return;
    }
    form.addEventListener("submit", (event) => {
      const field = form.elements.namedItem("credential");
      if (!(field instanceof HTMLInputElement) || field.value) return;
      event.preventDefault();
      void this.ask(form, field);
    });
  }

  private async ask(form: HTMLFormElement, field: HTMLInputElement): Promise<void> {
    try {
      const options = JSON.parse(this.dataset["options"] ?? "") as Options;
      const said = this.dataset["mode"] === "create" ? await make(options) : await use(options);
      field.value = JSON.stringify(said);
      form.submit();
    } catch {
      this.say("failed");
    }
  }

  private say(what: string): void {
    const place = this.querySelector("[role=status]");
    if (place) place.textContent = this.dataset[what] ?? "";
  }
}

customElements.define("weihe-passkey", Passkey);
