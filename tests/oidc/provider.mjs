// A real OpenID provider (npm oidc-provider, certified) as a stranger runs it, for the gateway's sign-in to be tried on.
//
// node provider.mjs CONFIG: a JSON file with port, certificate, key, redirectUri, secret and, for a second client that
// proves itself with a certificate, publicKey (a JWK). Prints one JSON line with its issuer once it listens.
// It answers under /tenant/v2.0, as Entra does, adds tid and oid to ID tokens, and approves what is asked by itself.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const PREFIX = '/tenant/v2.0';
const SCOPES = ['openid', 'offline_access', 'profile', 'Mail.ReadWrite', 'MailboxSettings.Read', 'User.Read', 'Mail.ReadBasic'];
const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `https://localhost:${config.port}${PREFIX}`;

const shared = { redirect_uris: [config.redirectUri], grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] };
const clients = [
  { ...shared, client_id: 'with-secret', client_secret: config.secret, token_endpoint_auth_method: 'client_secret_post' },
  {
    ...shared,
    client_id: 'with-certificate',
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'PS256',
    jwks: { keys: [config.publicKey] },
  },
];

const provider = new Provider(issuer, {
  clients,
  scopes: SCOPES,
  claims: { openid: ['sub', 'tid', 'oid', 'preferred_username'] },
  conformIdTokenClaims: false,
  jwks: { keys: [config.signingKey] },
  cookies: { keys: ['nobody signs in here but tests'] },
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  interactions: { url: (_context, interaction) => `${PREFIX}/interaction/${interaction.uid}` },
  findAccount: async (_context, sub) => ({
    accountId: sub,
    claims: async () => ({ sub, tid: 'tenant', oid: sub, preferred_username: `${sub}@op.test` }),
  }),
});

async function approve(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  const accountId = session?.accountId ?? 'owner';
  if (prompt.name === 'login') return provider.interactionFinished(request, response, { login: { accountId } });
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

const answer = provider.callback();
const server = https.createServer(
  { cert: readFileSync(config.certificate), key: readFileSync(config.key), minVersion: 'TLSv1.3' },
  (request, response) => {
    if (!request.url.startsWith(PREFIX)) return response.writeHead(404).end();
    request.originalUrl = request.url; // what oidc-provider takes its mount path from
    request.url = request.url.slice(PREFIX.length);
    if (request.url.startsWith('/interaction/')) return approve(request, response);
    return answer(request, response);
  },
);
server.listen(config.port, 'localhost', () => console.log(JSON.stringify({ issuer })));
process.on('SIGTERM', () => process.exit(0));
