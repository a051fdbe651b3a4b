/** The charts of a claim, as data: `comparators/draw-chart.js` draws them where its library is installed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CHARTS = join(import.meta.dirname, '../../docs/performance');

interface Titled {
  /** The file's name without its ending. */
  readonly file: string;
  readonly title: string;
  /** What the value axis counts. */
  readonly unit: string;
  readonly log?: boolean;
}

/** One bar for each series in each group. */
export interface BarChart extends Titled {
  readonly kind: 'bars';
  readonly groups: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Points joined by lines, over a logarithmic x axis where `logX`. */
export interface LineChart extends Titled {
  readonly kind: 'lines';
  readonly x: string;
  readonly logX: boolean;
  readonly series: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

export type Chart = BarChart | LineChart;

interface Drawing {
  readonly drawChart: (chart: Chart) => string;
}

/** Draws the charts into docs/performance/. */
export async function writeCharts(charts: readonly Chart[]): Promise<void> {
  const source = new URL('../comparators/draw-chart.js', import.meta.url);
  const { drawChart } = (await import(source.href)) as Drawing;
  for (const chart of charts) writeFileSync(join(CHARTS, `${chart.file}.svg`), `${drawChart(chart)}\n`);
}
