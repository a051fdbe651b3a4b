/** The report: what it says is what the run had, nothing in it acts, and it needs nothing but itself. */
import assert from 'node:assert/strict';
import { createDecipheriv, createHash, createHmac, createPublicKey, constants, verify } from 'node:crypto';
import { suite, test } from 'node:test';
import { toHex } from '@waxwing/protocol';
import fc from 'fast-check';
import { type Attack, outcome } from '../src/attack.ts';
import { type AttackResult, makeSpecimen, reportPage, type Row } from '../src/index.ts';
import { byteMap } from '../src/report/byte-map.ts';
import { escapeText, html } from '../src/report/html.ts';
import { handshakeSteps } from '../src/report/handshake-step.ts';
import { layersOf } from '../src/report/layer.ts';
import { wrapWords } from '../src/report/svg-text.ts';
import { OPTIONS } from './lab-view.ts';

const specimen = await makeSpecimen(OPTIONS);

/** A text that tries all it can. */
const HOSTILE =
  '</code><script>alert(1)</script><img src=x onerror=alert(1)> " onload="x" \' ` & \u001b[8m\u202e\u0085\u2028';

/** Any text, lone surrogates among it. */
const anything = fc.array(fc.nat(0x10ffff)).map((codes) => String.fromCodePoint(...codes));

/** What could act on whoever reads. */
const ACTING = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whatever an attack may bring, brought where it can be. */
function hostileRun(): { results: AttackResult[]; rows: Row[] } {
  const attempt = {
    way: HOSTILE,
    wanted: [HOSTILE],
    obtained: [HOSTILE, HOSTILE],
    stop: { check: 'hmac', code: HOSTILE, message: HOSTILE } as const,
  };
  const attack: Attack = {
    id: 'A99',
    title: HOSTILE,
    has: HOSTILE,
    steps: [HOSTILE],
    breaks: ['integrity'],
    textbookFalls: HOSTILE,
    stoppedBy: 'hmac',
    remains: HOSTILE,
    processes: false,
    textbook: () => Promise.resolve(outcome(attempt)),
    waxwing: () => Promise.resolve(outcome(attempt)),
  };
  const half = { outcome: outcome(attempt), milliseconds: 1, faults: [HOSTILE] };
  const fell = { way: 'fell', wanted: ['x'], obtained: ['x'], stop: undefined };
  const cells: Row['cells'] = new Map([
    ['hmac', { without: ['hmac'], outcome: outcome(fell), caughtBy: [], asked: ['hmac'] }],
    ['signature', { without: ['signature'], outcome: outcome(attempt), caughtBy: [attempt.stop], asked: ['hmac'] }],
    [
      'counter',
      { without: ['counter'], outcome: outcome(attempt), caughtBy: [{ ...attempt.stop, check: 'view' }], asked: [] },
    ],
  ]);
  return { results: [{ attack, textbook: half, waxwing: half }], rows: [{ attack, stoppedBy: [attempt.stop], cells }] };
}

const page = reportPage({ ...hostileRun(), specimen, madeAt: 0, version: '0.0.0' });
const [, style = ''] = /<style>(.*)<\/style>/s.exec(page) ?? [];
const [, script = ''] = /<script>(.*)<\/script>/s.exec(page) ?? [];
/** The page without its style sheet and its script. */
const markup = page.replace(style, '').replace(script, '');

suite('pieces of a page', () => {
  test('no text becomes anything but text', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const escaped = escapeText(text);
        assert.doesNotMatch(escaped, /[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)/);
        assert.doesNotMatch(escaped, ACTING);
      }),
    );
    assert.equal(escapeText('a\u001bb\u202ec\nd'), 'a\\u{1b}b\\u{202e}c\nd');
  });

  test('a piece stands in another as it is, a text escaped, nothing as nothing', () => {
    const inner = html`<b>${'<i>'}</b>`;
    assert.equal(
      html`<p title="${'"x'}">${inner}${undefined}${[inner, inner]}${7}</p>`.toString(),
      '<p title="&quot;x"><b>&lt;i&gt;</b><b>&lt;i&gt;</b><b>&lt;i&gt;</b>7</p>',
    );
  });

  test('lines hold every word in order, and are no longer than there is room', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,9}$/)), (words) => {
        const lines = wrapWords(words, ' ', { width: 100, size: 10 });
        assert.equal(lines.join(' '), words.join(' '));
        for (const line of lines) assert.ok(line.length <= 17, line);
        for (const [at, line] of lines.slice(1).entries()) {
          assert.ok(`${lines[at] ?? ''} ${line.split(' ')[0] ?? ''}`.length > 17, 'a line ends before it is full');
        }
      }),
    );
  });

  test('a map has a cell for every byte, and refuses a field that is not there', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, at) => at * 2);
    const region = { name: 'field', bytes: bytes.slice(10, 20), colour: 'L1', parts: ['text'] };
    assert.equal(
      byteMap('a map', bytes, [region])
        .toString()
        .match(/h9v9h-9z/g)?.length,
      100,
    );
    assert.throws(() => byteMap('a map', bytes, [{ ...region, bytes: Uint8Array.of(1, 1) }]), /field is not in a map/);
  });
});

suite('the page', () => {
  test('hostile texts are shown and do nothing', () => {
    assert.ok(
      markup.includes(
        '&lt;/code&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; &quot; onload=&quot;x&quot;',
      ),
    );
    assert.ok(markup.includes('\\u{1b}[8m\\u{202e}\\u{85}\\u{2028}'));
    assert.doesNotMatch(page, /<img|<script>alert/);
    assert.doesNotMatch(page, ACTING);
    for (const tag of markup.match(/<[a-z][^>]*>/g) ?? []) assert.doesNotMatch(tag, /\son[a-z]+=|\sstyle=/);
  });

  test('it refers to nothing outside, and its policy allows its own style and script alone', () => {
    assert.doesNotMatch(page, /https?:|\bsrc=["']|url\((?!#)|@import|<link|<iframe|<base/);
    assert.doesNotMatch(markup, /href="(?!#)/);
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    assert.equal(
      policy,
      `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'`,
    );
    assert.equal(page.match(/<style|<script/g)?.length, 2);
    assert.ok(page.indexOf('Content-Security-Policy') < page.indexOf('<style>'));
  });

  test('tags are closed in order, ids are there once, and links lead to them', () => {
    const open: string[] = [];
    for (const [, close, name = '', , self] of markup.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*?)(\/?)>/g)) {
      if (self === '/' || name === 'meta') continue;
      if (close === '/') assert.equal(open.pop(), name);
      else open.push(name);
    }
    assert.deepEqual(open, []);
    const ids = [...markup.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
    const wanted = [...markup.matchAll(/(?:href="#|labelledby="|data-open="|url\(#)([^")]*)/g)].map(([, id]) => id);
    assert.ok(wanted.length > 10);
    for (const id of wanted) assert.ok(ids.includes(id), id);
  });

  test('what fell, what caught it and what was never met are told in words', () => {
    const cells = [
      ...(
        /<tbody>(?=.*class="fell").*?<\/tbody>/s.exec(markup.slice(markup.indexOf('class="matrix"')))?.[0] ?? ''
      ).matchAll(/<td.*?<\/td>/gs),
    ].map(([cell]) => cell.replaceAll(/<[^>]*>/g, ''));
    assert.deepEqual(cells, ['hmac', 'view', '✗ falls', '=the same']);
    assert.match(markup, /<b>0 of 1<\/b> attacks brought/);
    assert.match(markup, /<b>1 of 3<\/b> runs with one check missing were lost/);
    assert.match(markup, /Not as the catalogue says/);
  });
});

suite('the specimen', () => {
  const { steps, padded } = layersOf(specimen);
  const find = (part: string, name: string): Uint8Array => {
    const value = steps.find((step) => step.part === part)?.fields.find((field) => field.name === name)?.value;
    assert.ok(value instanceof Uint8Array, `${part}: no ${name}`);
    return value;
  };
  const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();

  test('the layers can be computed again from the values shown', () => {
    const [mk, K, key] = [find('encryption', 'mk'), find('encryption', 'K'), find('encryption', 'k_aes')];
    assert.deepEqual(hmac(mk, find('wrap', 'kr')), Buffer.from(K));
    assert.deepEqual(hmac(find('hmac', 'k_mac'), find('hmac', 'covered')), Buffer.from(find('hmac', 'tag')));
    const cipher = createDecipheriv('aes-256-cbc', key, find('encryption', 'iv'));
    const plain = Buffer.concat([cipher.update(find('encryption', 'ct')), cipher.final()]);
    assert.deepEqual(plain, Buffer.from(padded.bytes.subarray(0, -1)));
    assert.ok(plain.includes(specimen.text));
    const statement = steps.find(({ part }) => part === 'statement')?.shown ?? '';
    const signKey = createPublicKey({
      key: Buffer.from(specimen.f4.bundle.certificate.signKey.spki),
      format: 'der',
      type: 'spki',
    });
    const pss = { key: signKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    assert.ok(verify('sha256', Buffer.from(statement), pss, find('signature', 'sig')));
    assert.match(
      statement,
      new RegExp(`\\nitems: sha256:${createHash('sha256').update(find('text', 'c')).digest('hex')}\\n`),
    );
  });

  test('every value of the layers stands in the page, whole or its beginning', () => {
    for (const { fields } of steps) {
      for (const { value } of fields) {
        if (value instanceof Uint8Array) assert.ok(page.includes(toHex(value.subarray(0, 96))));
      }
    }
  });

  test('the frames come with the checks of §3, in their order', () => {
    assert.deepEqual(
      handshakeSteps(specimen).map(({ name, checks }) => `${name}: ${checks.map(({ check }) => check).join(', ')}`),
      [
        'F1: encoding, x25519, mlkem',
        'F2: encoding, puzzle, x25519, mlkem',
        'F3: open, commit, bundle, pin, own device, signature, mac',
        'F4: open, bundle, own device, signature, mac',
        'F5: record',
      ],
    );
  });
});
