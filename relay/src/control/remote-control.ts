/** A running relay's operator's door, from the command's side. */
import { request } from 'node:http';
import { RelayError, type RelayErrorCode } from '../errors.ts';
import type { RelayBackup, RelayControl, RelayInvite, RelayStatus, RelayUser } from './control.ts';

interface Failure {
  readonly code?: RelayErrorCode;
  readonly message?: string;
  readonly next?: string;
}

/** A command may wait for a backup, ms. */
const WITHIN = 600_000;

export class RemoteControl implements RelayControl {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  status(): Promise<RelayStatus> {
    return this.#ask('GET', '/status');
  }

  invite(wanted: { readonly uses: number; readonly days: number }): Promise<RelayInvite> {
    return this.#ask('POST', '/invites', wanted);
  }

  users(): Promise<readonly RelayUser[]> {
    return this.#ask('GET', '/users');
  }

  remove(who: string): Promise<RelayUser> {
    return this.#ask('DELETE', `/users/${encodeURIComponent(who)}`);
  }

  backup(file: string): Promise<RelayBackup> {
    return this.#ask('POST', '/backup', { file });
  }

  async close(): Promise<void> {
    // Every question had a connection of its own.
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { status, text } = await this.#send({ method, path, body: body === undefined ? '' : JSON.stringify(body) });
    if (status === 200) return JSON.parse(text) as Answer;
    const { code, message, next } = (status === 409 ? JSON.parse(text) : {}) as Failure;
    throw new RelayError(
      code ?? 'relay-control',
      message ?? `The running relay could not do that (${String(status)}); its log says why.`,
      next ?? 'Look at the log of the relay, then try again.',
    );
  }

  #send(question: {
    readonly method: string;
    readonly path: string;
    readonly body: string;
  }): Promise<{ readonly status: number; readonly text: string }> {
    const { method, path, body } = question;
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request({ socketPath: this.#socket, method, path, headers, timeout: WITHIN }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      });
      sent.once('timeout', () => sent.destroy());
      sent.once('error', (error) => reject(error));
      sent.end(body);
    });
  }
}
