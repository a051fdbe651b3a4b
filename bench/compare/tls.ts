/** TLS 1.3 with RSA-2048 certificates on both sides, each issued by an authority of its own, as devices are by accounts. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import type { Socket } from 'node:net';

export const NO_OPENSSL = 'TLS 1.3: there is no openssl on this machine to make its certificates';

/** Both sides' contexts, made once: keys and certificates are loaded before the first handshake. */
export class MutualTls {
  readonly #server: SecureContext;
  readonly #client: SecureContext;

  /** Makes the certificates in `folder`. @returns undefined where there is no openssl */
  static make(folder: string): MutualTls | undefined {
    try {
      const [server, client] = [makeIdentity(folder, 'server'), makeIdentity(folder, 'client')];
      return new MutualTls(server, client);
    } catch {
      return undefined;
    }
  }

  private constructor(server: Identity, client: Identity) {
    const common = { minVersion: 'TLSv1.3' } as const;
    this.#server = createSecureContext({ ...common, key: server.key, cert: server.certificate, ca: client.authority });
    this.#client = createSecureContext({ ...common, key: client.key, cert: client.certificate, ca: server.authority });
  }

  /** A full handshake, until both sides know the other. */
  async shake(near: Socket, far: Socket): Promise<void> {
    const server = new TLSSocket(near, {
      isServer: true,
      secureContext: this.#server,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const client = connect({ socket: far, secureContext: this.#client, servername: 'server' });
    await Promise.all([once(server, 'secure'), once(client, 'secureConnect')]);
    if (!client.authorized || server.getPeerCertificate().subject.CN !== 'client') throw new Error('not authenticated');
    server.destroy();
    client.destroy();
  }
}

interface Identity {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

function makeIdentity(folder: string, name: string): Identity {
  const file = (ending: string): string => join(folder, `${name}.${ending}`);
  const rsa = ['-newkey', 'rsa:2048', '-nodes', '-sha256'];
  openssl(
    'req',
    '-x509',
    ...rsa,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.crt'),
    '-subj',
    `/CN=${name} authority`,
    '-days',
    '2',
  );
  openssl('req', ...rsa, '-keyout', file('key'), '-out', file('csr'), '-subj', `/CN=${name}`);
  writeFileSync(file('ext'), `subjectAltName=DNS:${name}\n`);
  const issuer = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial', '-days', '2', '-sha256'];
  openssl('x509', '-req', '-in', file('csr'), ...issuer, '-extfile', file('ext'), '-out', file('crt'));
  const read = (ending: string): string => readFileSync(file(ending), 'utf8');
  return { key: read('key'), certificate: read('crt'), authority: read('ca.crt') };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', [...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
