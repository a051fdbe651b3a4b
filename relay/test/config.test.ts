import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { keyOf, type LoadOptions, loadSettings, printSettings, variableOf } from '../src/config/load.ts';
import { DEFAULTS, SETTING_NAMES } from '../src/config/settings.ts';
import { isRelayError } from '../src/errors.ts';
import { temporaryFolder } from './fixtures/running-relay.ts';

const NONE = { flags: {}, env: {}, file: undefined, data: '/somewhere' };

function fileWith(t: Parameters<typeof temporaryFolder>[0], text: string): string {
  const file = join(temporaryFolder(t), 'relay.toml');
  writeFileSync(file, text);
  return file;
}

describe('settings', () => {
  test('come from flags, then the environment, then the file, then the defaults', (t) => {
    const file = fileWith(t, 'port = 1\nhost = "file"\nput-burst = 100\nopen = true\n');
    const env = { WAXWING_RELAY_PORT: '2', WAXWING_RELAY_HOST: 'env', WAXWING_RELAY_MAILBOX_BYTES: '200000' };
    const { settings, origins } = loadSettings({ ...NONE, flags: { port: 3 }, env, file });
    const expected = {
      ...DEFAULTS,
      data: '/somewhere',
      port: 3,
      host: 'env',
      putBurst: 100,
      open: true,
      mailboxBytes: 200_000,
    };
    assert.deepEqual(settings, expected);
    const told = ['port', 'host', 'putBurst', 'log'] as const;
    assert.deepEqual(
      told.map((name) => origins.get(name)),
      ['flag', 'environment', 'file', 'default'],
    );
  });

  test('that are not valid are refused by their name and origin', (t) => {
    const refused = (options: Partial<LoadOptions>, pattern: RegExp): void => {
      assert.throws(
        () => loadSettings({ ...NONE, ...options }),
        (error) => isRelayError(error, 'relay-config') && pattern.test(error.message),
        String(pattern),
      );
    };
    refused({ flags: { port: 65_536 } }, /port \(--port\)/);
    refused({ env: { WAXWING_RELAY_PUT_BURST: '1.5' } }, /WAXWING_RELAY_PUT_BURST/);
    refused({ env: { WAXWING_RELAY_OPEN: 'yes' } }, /WAXWING_RELAY_OPEN/);
    refused({ env: { WAXWING_RELAY_ADDRESS: 'https://example.org' } }, /WAXWING_RELAY_ADDRESS/);
    refused({ file: fileWith(t, 'log = "loud"') }, /relay\.toml/);
    refused({ file: fileWith(t, 'port = = 1') }, /line 1 is not TOML/);
    refused({ file: fileWith(t, 'prot = 1') }, /a setting prot/);
    refused({ file: join(temporaryFolder(t), 'nothing.toml') }, /cannot be read/);
  });

  test('are all shown, as a file that says the same', (t) => {
    const loaded = loadSettings({ ...NONE, flags: { host: '::1', open: true, address: 'chat.example.org:8100' } });
    const shown = printSettings(loaded);
    for (const name of SETTING_NAMES) {
      assert.match(shown, new RegExp(`^(# )?${keyOf(name)} = .* # .*; ${variableOf(name)}$`, 'm'), name);
    }
    assert.deepEqual(loadSettings({ ...NONE, file: fileWith(t, shown) }).settings, loaded.settings);
  });
});
