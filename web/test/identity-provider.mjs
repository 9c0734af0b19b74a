// OpenID providers for the tests of sign-in through an identity service, on one free port of the loopback address:
// a certified one (oidc-provider), and crooked ones whose tokens are not to be believed. It prints one line of JSON
// with their issuers and ends when its standard input does. Arguments: where browsers are sent back to, and to after
// signing out.

import http from "node:http";
import { createHmac } from "node:crypto";
import { Provider } from "oidc-provider";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const [back, home] = process.argv.slice(2);
const server = http.createServer();
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
const origin = `http://127.0.0.1:${server.address().port}`;

// The certified one. `login` of its sign-in page is the person; the claim `employee` is the login in capitals.
const claimsOf = (id) => ({ sub: `person-${id}`, employee: id.toUpperCase(), email: "shared@example.invalid" });
const provider = new Provider(`${origin}/real`, {
  clients: [
    {
      client_id: "weihe",
      client_secret: "a secret of the tests",
      redirect_uris: [back],
      post_logout_redirect_uris: [home],
    },
  ],
  claims: { openid: ["sub"], profile: ["employee", "email"] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => claimsOf(id) }),
  cookies: { keys: ["only for tests"] },
  // Nobody who signs in at a province is asked whether the province may say who it is.
  async loadExistingGrant(context) {
    const { client, session } = context.oidc;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope("openid profile");
    await grant.save();
    return grant;
  },
});
const real = provider.callback();

// The crooked ones: /crooked/KIND is the issuer of tokens with one thing wrong each.
const own = await generateKeyPair("RS256", { extractable: true });
const foreign = await generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await exportJWK(own.publicKey)), kid: "own", alg: "RS256", use: "sig" };
const seconds = () => Math.floor(Number(process.env.NOW_SECONDS ?? Date.now() / 1000));
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

async function token(kind, issuer, nonce) {
  const now = seconds();
  const claims = { iss: issuer, aud: "weihe", sub: "person-crooked", iat: now, exp: now + 300, nonce };
  const wrong = {
    issuer: { iss: `${origin}/crooked/other` },
    audience: { aud: "another program" },
    "second-audience": { aud: ["weihe", "another program"] },
    nonce: { nonce: "of another sign-in" },
    expired: { iat: now - 500, exp: now - 200 },
    future: { iat: now + 200 },
    old: { iat: now - 3600 },
    "clock-a-little-off": { iat: now + 30 },
    "just-expired": { iat: now - 300, exp: now - 30 },
  };
  const payload = { ...claims, ...wrong[kind] };
  if (kind === "unsigned") {
    return `${base64url({ alg: "none" })}.${base64url(payload)}.`;
  }
  if (kind === "secret-as-key") {
    const head = `${base64url({ alg: "HS256" })}.${base64url(payload)}`;
    return `${head}.${createHmac("sha256", "a secret of the tests").update(head).digest("base64url")}`;
  }
  const key = kind === "foreign-key" ? foreign.privateKey : own.privateKey;
  return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: "own" }).sign(key);
}

async function crooked(request, response) {
  const url = new URL(request.url, origin);
  const [, , kind, ...rest] = url.pathname.split("/");
  const issuer = `${origin}/crooked/${kind}`;
  const answer = (value) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(value));
  };
  const place = rest.join("/");
  if (kind === "silent") {
    response.statusCode = 503;
    response.end();
  } else if (place === ".well-known/openid-configuration") {
    answer({
      issuer: kind === "says-another-issuer" ? `${origin}/crooked/other` : issuer,
      authorization_endpoint: `${issuer}/authorize`,
      // An address within: the program must not be led there.
      token_endpoint: kind === "leads-elsewhere" ? "http://localhost:9/token" : `${issuer}/token`,
      jwks_uri: `${issuer}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
    });
  } else if (place === "keys") {
    answer({ keys: [jwk] });
  } else if (place === "authorize") {
    const to = new URL(url.searchParams.get("redirect_uri"));
    to.searchParams.set("state", url.searchParams.get("state"));
    if (kind === "denies") {
      to.searchParams.set("error", "access_denied");
    } else {
      to.searchParams.set("code", url.searchParams.get("nonce"));
    }
    if (kind === "mixed-up") to.searchParams.set("iss", `${origin}/crooked/other`);
    response.statusCode = 303;
    response.setHeader("location", to.href);
    response.end();
  } else if (place === "token" && kind === "redirects") {
    response.statusCode = 307;
    response.setHeader("location", `${origin}/crooked/good/token`);
    response.end();
  } else if (place === "token") {
    let sent = "";
    for await (const part of request) sent += part;
    const nonce = new URLSearchParams(sent).get("code");
    answer({
      access_token: "access",
      token_type: "Bearer",
      expires_in: 60,
      id_token: await token(kind, issuer, nonce),
    });
  } else {
    response.statusCode = 404;
    response.end();
  }
}

server.on("request", (request, response) => {
  if (request.url.startsWith("/crooked/")) {
    crooked(request, response).catch((error) => response.destroy(error));
  } else {
    // It is mounted below /real: it learns its place from originalUrl.
    request.originalUrl = request.url;
    request.url = request.url.replace(/^\/real/, "") || "/";
    real(request, response);
  }
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
process.stdin.on("close", () => process.exit(0));
console.log(JSON.stringify({ origin, real: `${origin}/real` }));
