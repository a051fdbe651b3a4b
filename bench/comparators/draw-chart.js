/** Draws a chart (bench/measure/chart.ts) as SVG, without a browser. */
import * as echarts from 'echarts';

const SIZE = { width: 860, height: 380 };
const COLOURS = ['#b3261e', '#46596b', '#8fa3b5', '#c9a227', '#5b8c5a', '#7a5c99', '#c9d3dc'];

export function drawChart(chart) {
  const view = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  view.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLOURS,
    title: { text: chart.title, left: 12, top: 8, textStyle: { fontSize: 15 } },
    legend: { top: 36, left: 12 },
    grid: { left: 64, right: 24, top: 76, bottom: 48 },
    yAxis: {
      type: chart.log === true ? 'log' : 'value',
      name: chart.unit,
      nameTextStyle: { align: 'right' },
    },
    ...(chart.kind === 'bars' ? bars(chart) : lines(chart)),
  });
  const svg = view.renderToSVGString();
  view.dispose();
  return svg;
}

function bars({ groups, series }) {
  return {
    xAxis: { type: 'category', data: groups },
    series: series.map(({ name, values }) => ({
      type: 'bar',
      name,
      data: values.map((value) => Number(value.toPrecision(3))),
      label: { show: true, position: 'top', fontSize: 10 },
    })),
  };
}

function lines({ x, logX, series }) {
  return {
    xAxis: { type: logX ? 'log' : 'value', name: x, nameLocation: 'middle', nameGap: 28 },
    series: series.map(({ name, points }) => ({ type: 'line', name, data: points, symbolSize: 7 })),
  };
}
