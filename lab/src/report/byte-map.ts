/** Bytes as a picture: a cell each, the stronger the greater, coloured and named by field. */
import { sizeWords } from './field.ts';
import { type Html, html } from './html.ts';

export interface Region {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Which colour: `L1` … `L5`, or `plain`. */
  readonly colour: string;
  /** The steps that it lights up with. */
  readonly parts: readonly string[];
}

const COLUMNS = 32;
const CELL = 9;
const STEP = 10;
/** So many shades, each one path: a rectangle for each byte would be ten times the page. */
const SHADES = 6;
const LABEL = 20;
const LABEL_AT = COLUMNS * STEP + 26;
const WIDTH = LABEL_AT + 160;

/** `regions` are looked for in order; what lies between them is the encoding’s own. */
export function byteMap(title: string, bytes: Uint8Array, regions: readonly Region[]): Html {
  const groups: Html[] = [];
  const labels: { readonly row: number; readonly region: Region }[] = [];
  let end = 0;
  for (const region of regions) {
    const from = Buffer.from(bytes).indexOf(region.bytes, end);
    if (from < 0) throw new Error(`${region.name} is not in ${title}`);
    groups.push(cells(bytes, end, from, { colour: 'plain', parts: [] }));
    end = from + region.bytes.length;
    groups.push(cells(bytes, from, end, region));
    labels.push({ row: Math.floor(from / COLUMNS), region });
  }
  groups.push(cells(bytes, end, bytes.length, { colour: 'plain', parts: [] }));
  let y = 0;
  const names = labels.map(({ row, region }) => {
    const at = row * STEP + CELL / 2;
    y = Math.max(at + 6, y + LABEL + 3);
    return html`<g class="part ${region.colour}" data-parts="${region.parts.join(' ')}"><path class="leader" d="M${COLUMNS * STEP} ${at}L${LABEL_AT - 6} ${y - 5}"/><text x="${LABEL_AT}" y="${y}">${region.name}</text><text class="soft" x="${WIDTH}" y="${y}" text-anchor="end">${sizeWords(region.bytes.length)}</text></g>`;
  });
  const height = Math.max(Math.ceil(bytes.length / COLUMNS) * STEP, y + 6);
  const said = regions.map((region) => `${region.name} ${sizeWords(region.bytes.length)}`).join(', ');
  return html`<figure><figcaption>${title}, ${sizeWords(bytes.length)}</figcaption><svg class="map" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}, byte for byte: ${said}">${groups}${names}</svg></figure>`;
}

function cells(bytes: Uint8Array, from: number, to: number, { colour, parts }: Pick<Region, 'colour' | 'parts'>): Html {
  const paths = Array.from({ length: SHADES }, () => '');
  for (let at = from; at < to; at++) {
    const shade = Math.floor(((bytes[at] as number) * SHADES) / 256);
    paths[shade] =
      `${paths[shade] ?? ''}M${(at % COLUMNS) * STEP} ${Math.floor(at / COLUMNS) * STEP}h${CELL}v${CELL}h-${CELL}z`;
  }
  return html`<g class="part ${colour}" data-parts="${parts.join(' ')}">${paths.map((path, shade) =>
    path === ''
      ? html``
      : html`<path class="cell" fill-opacity="${(0.16 + (0.84 * shade) / (SHADES - 1)).toFixed(2)}" d="${path}"/>`,
  )}</g>`;
}
