// The provider of sign-ins in the tests: the real oidc-provider, on loopback. Its people sign in by a form of one field.
// node provider.mjs PORT REDIRECT_URI
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const [port, redirectUri] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

class Memory {
  static kept = new Map();
  static grants = new Map();

  constructor(name) {
    this.name = name;
  }

  key(id) {
    return `${this.name}:${id}`;
  }

  async upsert(id, payload) {
    Memory.kept.set(this.key(id), payload);
    if (payload.grantId) {
      Memory.grants.set(payload.grantId, [...(Memory.grants.get(payload.grantId) ?? []), this.key(id)]);
    }
  }

  async find(id) {
    return Memory.kept.get(this.key(id));
  }

  async findByUid(uid) {
    return [...Memory.kept.values()].find((payload) => payload.uid === uid && payload.kind === "Session");
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    Memory.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Memory.kept.delete(this.key(id));
  }

  async revokeByGrantId(grantId) {
    for (const key of Memory.grants.get(grantId) ?? []) {
      Memory.kept.delete(key);
    }
  }
}

const provider = new Provider(issuer, {
  adapter: Memory,
  clients: [
    { client_id: "sluis", client_secret: "not-a-secret & with signs", redirect_uris: [redirectUri] },
    { client_id: "public", token_endpoint_auth_method: "none", redirect_uris: [redirectUri] },
  ],
  claims: { openid: ["sub", "amr", "auth_time"], email: ["email", "email_verified"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
  cookies: { keys: ["only for tests"] },
  // `lena` has the address lena@…, verified; `lena-unverified` claims the same one
  async findAccount(_, id) {
    const [name, unverified] = id.split("-un");
    return {
      accountId: id,
      async claims() {
        return { sub: id, email: `${name}@fictiestad.example`, email_verified: unverified === undefined };
      },
    };
  },
});

createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith("/interaction/")) {
    provider.callback()(request, response);
    return;
  }
  const { params } = await provider.interactionDetails(request, response);
  const accountId = url.searchParams.get("login");
  if (url.searchParams.has("refuse")) {
    await provider.interactionFinished(request, response, { error: "access_denied" });
    return;
  }
  if (accountId === null) {
    response.end("who are you?");
    return;
  }
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const amr = url.searchParams.getAll("amr");
  const login = { accountId, amr, ts: Math.floor(Date.now() / 1000) };
  await provider.interactionFinished(request, response, { login, consent: { grantId: await grant.save() } });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
