// The board's charts. SVG and richText tooltips keep ECharts inside the content security policy.
"use strict";
(() => {
  const source = document.getElementById("chart-data");
  if (!source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const words = data.words;
  const INK = "#49566c", LINE = "#e4e8ee", FONT = getComputedStyle(document.body).fontFamily;
  const chinese = document.documentElement.lang.startsWith("zh");
  const UNITS = chinese ? [[1e8, " 亿"], [1e4, " 万"]] : [[1e9, "B"], [1e6, "M"], [1e3, "K"]];
  const scale = 10 ** data.digits;

  const money = (minor) => {
    const value = minor / scale;
    for (const [size, unit] of UNITS) if (Math.abs(value) >= size) return (value / size).toFixed(value / size < 100 ? 2 : 0) + unit;
    return value.toLocaleString("en-US", { maximumFractionDigits: data.digits });
  };
  const percent = (value, places = 2) => (value === null || value === undefined ? "–" : (value * 100).toFixed(places) + "%");
  const open = (filters) => data.loans && window.location.assign(`${data.loans}?${new URLSearchParams(filters)}`);

  const base = {
    animation: false,
    textStyle: { fontFamily: FONT, color: INK },
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, textStyle: { fontSize: 12 }, axisPointer: { type: "line" } },
  };
  const axis = { axisLine: { lineStyle: { color: LINE } }, axisTick: { show: false }, axisLabel: { color: INK, fontSize: 11 }, splitLine: { lineStyle: { color: LINE } } };
  const valueAxis = (formatter, more = {}) => ({ type: "value", ...axis, axisLine: { show: false }, axisLabel: { ...axis.axisLabel, formatter }, ...more });
  const charts = [];
  const draw = (id, option, onClick) => {
    const holder = document.getElementById(id);
    if (!holder) return;
    const chart = window.echarts.init(holder, null, { renderer: "svg" });
    chart.setOption({ ...base, ...option });
    if (onClick) chart.on("click", onClick);
    charts.push(chart);
  };

  const days = data.days;
  draw("chart-days", {
    color: ["#d63939", "#206bc4"],
    grid: { left: 8, right: 8, top: 34, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 8, textStyle: { color: INK, fontSize: 12 } },
    xAxis: { type: "category", data: days.map((day) => day.as_of), boundaryGap: false, ...axis, axisLabel: { ...axis.axisLabel, formatter: (text) => text.slice(5), hideOverlap: true } },
    yAxis: [valueAxis(money, { splitNumber: 4 }), valueAxis((value) => percent(value, 1), { splitLine: { show: false }, splitNumber: 4, scale: true })],
    series: [
      { name: words.overdue_amount, type: "line", showSymbol: false, symbolSize: 7, areaStyle: { opacity: 0.12 }, lineStyle: { width: 2 }, data: days.map((day) => day.overdue_minor), tooltip: { valueFormatter: money }, triggerLineEvent: true },
      { name: words.late_rate, type: "line", yAxisIndex: 1, showSymbol: false, lineStyle: { width: 1.5, type: "dashed" }, data: days.map((day) => (day.principal_outstanding_minor ? day.late_principal_minor / day.principal_outstanding_minor : null)), tooltip: { valueFormatter: (value) => percent(value) } },
    ],
  });
  const daysChart = charts.at(-1);
  if (daysChart) daysChart.getZr().on("click", (event) => {
    const [index] = daysChart.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) || [];
    if (days[index]) open({ late: 1, as_of: days[index].as_of });
  });

  const first = data.first_payment;
  draw("chart-first-payment", {
    color: ["#f76707"],
    grid: { left: 8, right: 8, top: 14, bottom: 4, containLabel: true },
    xAxis: { type: "category", data: first.map((row) => row.month), ...axis, axisLabel: { ...axis.axisLabel, formatter: (text) => text.slice(2), hideOverlap: true } },
    yAxis: valueAxis((value) => percent(value, 1), { splitNumber: 4 }),
    tooltip: { ...base.tooltip, axisPointer: { type: "shadow" }, formatter: (points) => {
      const row = first[points[0].dataIndex];
      return `${row.month}\n${words.first_payment_rate} ${percent(row.rate)}\n${words.late} ${row.late_loans} / ${words.matured} ${row.matured_loans}`;
    } },
    series: [{ type: "bar", barMaxWidth: 22, itemStyle: { borderRadius: [3, 3, 0, 0] }, cursor: "pointer", data: first.map((row) => row.rate) }],
  }, (event) => open({ month: first[event.dataIndex].month, first_payment: "late", as_of: data.as_of }));

  const ages = Math.max(0, ...data.vintages.map((cohort) => Math.max(...cohort.points.map((point) => point[0]))));
  const shade = (index, count) => {
    const part = count > 1 ? index / (count - 1) : 1;
    const mix = (from, to) => Math.round(from + (to - from) * part);
    return `rgb(${mix(176, 24)}, ${mix(203, 82)}, ${mix(232, 158)})`;
  };
  const isNarrow = window.innerWidth < 768;  // The table below names the cohorts.
  draw("chart-vintages", {
    grid: { left: 8, right: 14, top: isNarrow ? 14 : 52, bottom: 22, containLabel: true },
    legend: { show: !isNarrow, top: 0, left: 0, itemWidth: 12, itemHeight: 8, itemGap: 8, textStyle: { color: INK, fontSize: 11 } },
    xAxis: { type: "value", min: 0, max: ages, minInterval: 1, name: words.months_on_book, nameLocation: "middle", nameGap: 24, nameTextStyle: { color: INK, fontSize: 11 }, ...axis, splitLine: { show: false } },
    yAxis: valueAxis((value) => percent(value, 1), { splitNumber: 5 }),
    tooltip: { ...base.tooltip, trigger: "item", formatter: (point) => `${point.seriesName}\n${words.months_on_book} ${point.value[0]} · ${percent(point.value[1])}` },
    series: data.vintages.map((cohort, index) => ({
      name: cohort.month, type: "line", symbolSize: 5, showSymbol: true, symbol: "circle", cursor: "pointer",
      color: shade(index, data.vintages.length), lineStyle: { width: index === data.vintages.length - 1 ? 2.5 : 1.5 }, emphasis: { focus: "series", lineStyle: { width: 3 } },
      data: cohort.points,
    })),
  }, (event) => event.value && open({ month: event.seriesName, over_days: data.over_days, as_of: event.value[2] }));

  let waiting = 0;
  window.addEventListener("resize", () => {
    window.clearTimeout(waiting);
    waiting = window.setTimeout(() => charts.forEach((chart) => chart.resize()), 120);
  });
})();
