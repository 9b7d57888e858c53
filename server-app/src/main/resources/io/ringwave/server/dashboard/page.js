'use strict';
/*
 * The live page: draws what /api/stats/stream tells once a second, or, where that stream cannot be had, what /api/stats
 * says when it is asked as often. Holds the last three minutes. One script, no framework; uPlot draws the charts.
 *
 *   connecting --event--> live --error, silence--> polling --event--> live
 *                                  polling <--answer-- --no answer--> away
 *
 * What tests look at stands in attributes of the body: data-state, data-samples (how many came since the page was
 * opened), data-requests (requests per second, of the last one).
 */
(() => {
  const SECONDS = 180; // what the charts show
  const FIRST_SECONDS = 60; // what they show until there is more
  const POLL_MILLIS = 1000;
  const POLL_DEADLINE_MILLIS = 3000;
  const STREAM_RETRY_MILLIS = 3000; // how often the stream is asked for while it cannot be had
  const SILENCE_MILLIS = 4000; // a stream that says nothing for so long is taken for dead
  const MAX_LINES = 6; // of loops in a chart; a table has them all
  const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 2], [1, 2]]; // a line is known by these where colours are not
  const CLASSES = [['plaintext', 'prepared text'], ['file', 'files'], ['api', 'API'], ['offloaded', 'offloaded']];
  const GAUGES = /open|free|waiting|in flight|queued|workers/; // what rises and falls: its growth says nothing
  const STATUSES = ['2xx', '3xx', '4xx', '5xx'];

  const byId = (id) => document.getElementById(id);
  const colour = (series) => getComputedStyle(document.documentElement).getPropertyValue(series).trim();
  const setText = (id, text) => {
    const element = byId(id);
    if (element.textContent !== text) element.textContent = text;
  };

  // ---- Numbers with units. null is what is not known.

  const UNKNOWN = '–';

  /** A number of three digits or so, and the prefix of its unit. */
  function scaled(value, prefixes) {
    let rest = value;
    let i = 0;
    while (rest >= 999.5 && i < prefixes.length - 1) {
      rest /= 1000;
      i++;
    }
    const digits = rest >= 99.95 || (i === 0 && Number.isInteger(rest)) ? 0 : rest >= 9.995 ? 1 : 2;
    return [rest.toFixed(digits), prefixes[i]];
  }

  const count = (value) => value == null ? UNKNOWN : scaled(value, ['', ' k', ' M', ' G', ' T']).join('');
  const rate = (value) => value == null ? UNKNOWN : `${count(value)}/s`;
  const bytesParts = (value) => value == null ? [UNKNOWN, 'B/s'] : scaled(value, ['B/s', 'kB/s', 'MB/s', 'GB/s']);
  const bytes = (value) => value == null ? UNKNOWN : bytesParts(value).join(' ');
  const microsParts = (value) => value == null ? [UNKNOWN, 'µs'] : scaled(value, ['µs', 'ms', 's']);
  const micros = (value) => value == null ? UNKNOWN : microsParts(value).join(' ');
  const percent = (share) => share == null ? UNKNOWN : (100 * share).toFixed(0);
  const whole = (value) => value == null ? UNKNOWN : value.toLocaleString('en').replaceAll(',', '\u202f');

  function duration(seconds) {
    const s = Math.floor(seconds);
    const parts = [[Math.floor(s / 86400), 'd'], [Math.floor(s / 3600) % 24, 'h'], [Math.floor(s / 60) % 60, 'min'], [s % 60, 's']];
    const first = Math.max(0, parts.findIndex(([n]) => n > 0));
    return (s < 1 ? [[0, 's']] : parts.slice(first, first + 2)).map(([n, unit]) => `${n} ${unit}`).join(' ');
  }

  // ---- Charts

  const charts = [];

  /**
   * A chart over time with a legend that shows the latest values.
   *
   * names: the lines. format: makes text of a value. options: log (a logarithmic scale), max (the end of a fixed scale),
   * fill (the line below which the area is tinted).
   */
  class Chart {
    constructor(id, names, format, options = {}) {
      this.id = id;
      this.format = format;
      this.options = options;
      this.times = [];
      charts.push(this);
      this.setNames(names);
      new ResizeObserver(() => this.resize()).observe(byId(id));
    }

    /** Shows other lines; those before are gone. */
    setNames(names) {
      this.names = names;
      this.times = [];
      this.values = names.map(() => []);
      if (this.plot) this.plot.destroy();
      this.plot = new uPlot(this.plotOptions(), [this.times, ...this.values], byId(this.id));
      this.cells = names.map(() => document.createElement('b'));
      byId(`${this.id}-legend`).replaceChildren(...names.map((name, i) => this.legendItem(name, i)));
    }

    size() {
      const box = byId(this.id);
      return { width: Math.max(120, box.clientWidth), height: Math.max(100, box.clientHeight) };
    }

    resize() {
      const { width, height } = this.size();
      if (width !== this.plot.width || height !== this.plot.height) this.plot.setSize({ width, height });
    }

    plotOptions() {
      const axis = {
        stroke: () => colour('--muted'), grid: { stroke: () => colour('--rule'), width: 1 }, ticks: { show: false },
        font: '11px system-ui, sans-serif'
      };
      const { log, max, fill } = this.options;
      return {
        ...this.size(), legend: { show: false }, cursor: { show: false }, padding: [8, 26, 0, 0],
        scales: {
          x: { time: true, range: (_, first, end) => [Math.min(Math.max(first, end - SECONDS), end - FIRST_SECONDS), end] },
          y: log ? { distr: 3, range: (_, low, high) => logRange(low, high) } : { range: (_, __, high) => [0, max || linearEnd(high)] }
        },
        axes: [
          { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toTimeString().slice(0, 8)) },
          { ...axis, size: 62, space: 34, ...log && { splits: (_, __, low, high) => logSplits(low, high) }, values: (_, ticks) => ticks.map((value) => value == null ? '' : this.format(value)) }
        ],
        series: [{}, ...this.names.map((name, i) => ({
          label: name, stroke: () => colour(`--series-${i % 6 + 1}`), width: 1.75, dash: DASHES[i % DASHES.length], points: { show: false },
          ...fill === name && { fill: () => `${colour('--series-1')}1c` }
        }))]
      };
    }

    legendItem(name, i) {
      const item = document.createElement('li');
      const line = svg('line', { x1: 0, y1: 4, x2: 22, y2: 4, 'stroke-width': 2.5, 'stroke-dasharray': DASHES[i % DASHES.length].join(' ') || 'none' });
      line.style.stroke = `var(--series-${i % 6 + 1})`;
      const mark = svg('svg', { viewBox: '0 0 22 8', 'aria-hidden': 'true' });
      mark.append(line);
      this.cells[i].textContent = UNKNOWN;
      item.append(mark, name, ' ', this.cells[i]);
      return item;
    }

    /** Adds values, one for each line; null leaves a gap. */
    add(time, values) {
      this.times.push(time);
      this.values.forEach((line, i) => line.push(values[i] ?? null));
      while (this.times[0] < time - SECONDS) {
        this.times.shift();
        this.values.forEach((line) => line.shift());
      }
      this.plot.setData([this.times, ...this.values]);
      this.cells.forEach((cell, i) => { cell.textContent = this.format(values[i] ?? null); });
    }

    redraw() {
      this.plot.redraw(false, true);
    }
  }

  /** A round number above the highest value, so that the scale changes seldom. */
  function linearEnd(high) {
    const top = Math.max(high || 0, 1) * 1.08;
    const step = 10 ** Math.floor(Math.log10(top));
    return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((n) => n * step).find((end) => end >= top);
  }

  /** Whole powers of ten around the values. */
  function logRange(low, high) {
    const bottom = Math.floor(Math.log10(Math.max(low || 1, 1)));
    return [10 ** bottom, 10 ** Math.max(bottom + 1, Math.ceil(Math.log10(Math.max(high || 10, 10))))];
  }

  /** Where lines are drawn between those: at the powers, and between them if there are few. */
  function logSplits(low, high) {
    const splits = [];
    for (let power = low; power <= high; power *= 10) {
      splits.push(...(high / low > 1000 ? [power] : [power, 3 * power]).filter((split) => split <= high));
    }
    return splits;
  }

  function svg(name, attributes) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    return element;
  }

  const throughput = new Chart('throughput', ['all'], rate, { fill: 'all' });
  const traffic = new Chart('bytes', ['received', 'sent'], bytes);
  const latency = new Chart('latency', ['p50', 'p95', 'p99', 'p99.9'], micros, { log: true });
  const responses = new Chart('responses', STATUSES, rate);
  const connections = new Chart('connections', ['open'], count, { fill: 'open' });
  const loopLoad = new Chart('loops', ['all'], (share) => share == null ? UNKNOWN : `${percent(share)} %`, { max: 1 });

  // ---- Tables, whose rows are made once and then only change their text

  /** Shows rows of texts, the first of each as its heading. */
  function fillTable(id, rows) {
    const body = byId(id);
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((cells, r) => {
      const row = body.rows[r] || newRow(body, cells.length);
      cells.forEach((cell, c) => setCell(row.cells[c], cell));
    });
  }

  function newRow(body, length) {
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    row.append(head);
    for (let i = 1; i < length; i++) row.insertCell();
    return row;
  }

  /** A cell is a text, or {share}, which is shown as a bar too. */
  function setCell(cell, content) {
    if (content != null && typeof content === 'object') {
      setMeter(cell, content.share);
    } else if (cell.textContent !== content) {
      cell.textContent = content;
    }
  }

  function setMeter(cell, share) {
    if (!cell.firstElementChild) {
      const meter = document.createElement('div');
      const bar = svg('svg', { viewBox: '0 0 100 8', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
      bar.append(svg('rect', { x: 0, y: 0, width: 0, height: 8 }));
      meter.className = 'meter';
      meter.append(bar, document.createElement('span'));
      cell.append(meter);
    }
    cell.querySelector('rect').setAttribute('width', Math.min(100, 100 * (share || 0)));
    cell.querySelector('span').textContent = `${percent(share)} %`;
  }

  // ---- From the server's figures to what is shown

  let last = null; // the figures before, to say what was added since
  let samples = 0;
  const latencies = []; // of all classes, as far back as the charts go
  let classChosen = false;

  /** How much a total has grown in a second; null at the first look, and when the server was started anew. */
  function perSecond(now, before, seconds) {
    return before == null || now == null || now < before || seconds <= 0 ? null : (now - before) / seconds;
  }

  /** Fills in what /api/stats of an older server does not say: rates, from totals. */
  function complete(stats, before) {
    const seconds = before ? stats.received - before.received : 0;
    const grown = (path) => perSecond(path(stats), before && path(before), seconds);
    stats.seconds = seconds;
    stats.throughput ??= {
      requestsPerSecond: { '1s': grown((s) => s.requests?.total) },
      bytesReceivedPerSecond: { '1s': grown((s) => s.bytes?.received) },
      bytesSentPerSecond: { '1s': grown((s) => s.bytes?.sent) }
    };
    stats.perLoop ??= stats.placement || [];
    stats.latencyMicros ??= {};
    return stats;
  }

  function show(stats) {
    const restarted = last && stats.uptimeSeconds < last.uptimeSeconds;
    const before = restarted ? null : last;
    complete(stats, before);
    chooseClass(stats.latencyMicros);
    showHead(stats);
    showTiles(stats);
    showCharts(stats, before);
    showTables(stats, before);
    last = stats;
    samples++;
    document.body.dataset.samples = samples;
    document.body.dataset.requests = Math.round(stats.throughput.requestsPerSecond['1s'] || 0);
  }

  function showHead(stats) {
    setText('backend', stats.backend?.name || UNKNOWN);
    setText('loop-count', String(stats.perLoop.length));
    setText('uptime', duration(stats.uptimeSeconds));
  }

  function showTiles(stats) {
    const { requestsPerSecond: requests, bytesReceivedPerSecond: received, bytesSentPerSecond: sent } = stats.throughput;
    setText('requests', count(requests['1s']));
    setText('requests-more', `10 s ${count(requests['10s'])}, 60 s ${count(requests['60s'])}`);
    showQuantity('received', bytesParts(received['1s']), `60 s ${bytes(received['60s'])}`);
    showQuantity('sent', bytesParts(sent['1s']), `60 s ${bytes(sent['60s'])}`);
    const measured = stats.latencyMicros[byId('latency-class').value];
    const name = byId('latency-class').selectedOptions[0].text;
    showQuantity('p99', microsParts(positive(measured?.p99)), name);
    setText('open', whole(stats.connections?.open));
    setText('open-more', `${whole(stats.connections?.accepted)} accepted`);
    const busiest = stats.perLoop.reduce((a, b) => (b.busy ?? -1) > (a.busy ?? -1) ? b : a, {});
    setText('busy', percent(busiest.busy));
    setText('busy-more', busiest.busy == null ? '\u00a0' : `loop ${busiest.loop}, CPU ${cpu(busiest)}`);
  }

  function showQuantity(id, [value, unit], more) {
    setText(id, value);
    setText(`${id}-unit`, unit);
    setText(`${id}-more`, more);
  }

  /** Until somebody has chosen a class, that with the most requests is shown. */
  function chooseClass(classes) {
    const busiest = CLASSES.map(([key]) => key).reduce((a, b) => (classes[b]?.count || 0) > (classes[a]?.count || 0) ? b : a);
    if (!classChosen && busiest !== byId('latency-class').value && classes[busiest]?.count > 0) {
      byId('latency-class').value = busiest;
      showLatencies();
    }
  }

  /** Draws the latencies of the chosen class from the beginning. */
  function showLatencies() {
    latency.setNames(latency.names);
    latencies.forEach(([time, classes]) => addLatency(time, classes));
  }

  function addLatency(time, classes) {
    const measured = classes[byId('latency-class').value];
    latency.add(time, measured?.p50 > 0 ? [measured.p50, measured.p95, measured.p99, measured.p999] : []);
  }

  function showCharts(stats, before) {
    const time = stats.received;
    const loops = stats.perLoop.slice(0, MAX_LINES);
    const names = loops.map((loop) => `loop ${loop.loop}`);
    if (names.length > 0 && names.join() !== loopLoad.names.join()) {
      loopLoad.setNames(names);
      throughput.setNames(names.length > 1 ? ['all', ...names].slice(0, MAX_LINES) : ['all']);
    }
    const { requestsPerSecond, bytesReceivedPerSecond, bytesSentPerSecond } = stats.throughput;
    throughput.add(time, [requestsPerSecond['1s'], ...loops.map((loop) => loop.requestsPerSecond)].slice(0, throughput.names.length));
    traffic.add(time, [bytesReceivedPerSecond['1s'], bytesSentPerSecond['1s']]);
    latencies.push([time, stats.latencyMicros]);
    while (latencies[0][0] < time - SECONDS) latencies.shift();
    addLatency(time, stats.latencyMicros);
    responses.add(time, STATUSES.map((status) => perSecond(stats.responses?.[status], before?.responses?.[status], stats.seconds)));
    connections.add(time, [stats.connections?.open]);
    loopLoad.add(time, loops.map((loop) => loop.busy));
  }

  function showTables(stats, before) {
    fillTable('loop-rows', stats.perLoop.map((loop) => [
      String(loop.loop), cpu(loop), loop.node == null || loop.node < 0 ? UNKNOWN : String(loop.node), { share: loop.busy },
      count(loop.requestsPerSecond), whole(loop.open), loop.completionsPerTurn == null ? UNKNOWN : loop.completionsPerTurn.toFixed(1),
      micros(positive(loop.latencyMicros?.p50)), micros(positive(loop.latencyMicros?.p99))
    ]));
    fillTable('latency-rows', CLASSES.map(([key, name]) => {
      const l = stats.latencyMicros[key] || {};
      return [name, whole(l.count), ...[l.p50, l.p95, l.p99, l.p999, l.max].map((value) => micros(positive(value)))];
    }));
    fillTable('ring-rows', totalRows(ringTotals(stats), before && ringTotals(before), stats.seconds));
    fillTable('total-rows', totalRows(counters(stats), before && counters(before), stats.seconds));
  }

  const positive = (value) => value > 0 ? value : null;
  const cpu = (loop) => loop.cpu == null || loop.cpu < 0 ? UNKNOWN : String(loop.cpu);

  /** Rows of totals by name, with what was added in a second. */
  function totalRows(now, before, seconds) {
    return Object.entries(now).map(([name, total]) => [name, whole(total), GAUGES.test(name) ? '' : rate(perSecond(total, before?.[name], seconds))]);
  }

  /** What the backends of all loops count, by name in words; where loops do not tell, what all of them count together. */
  function ringTotals(stats) {
    const totals = {};
    stats.perLoop.forEach((loop) => addNumbers(totals, '', loop.ring));
    return Object.keys(totals).length > 0 ? totals : addNumbers(totals, '', stats.loops);
  }

  function counters(stats) {
    const totals = {};
    addNumbers(totals, 'requests: ', stats.requests);
    addNumbers(totals, 'responses: ', stats.responses);
    addNumbers(totals, 'connections: ', stats.connections);
    addNumbers(totals, 'closed: ', stats.connections?.closed);
    addNumbers(totals, 'bytes of files: ', stats.files?.bytes);
    addNumbers(totals, 'files: ', stats.files);
    addNumbers(totals, 'offloaded: ', stats.offloaded);
    addNumbers(totals, 'buffers: ', stats.buffers);
    addNumbers(totals, 'access log: ', stats.accessLog);
    return totals;
  }

  function addNumbers(totals, prefix, numbers) {
    Object.entries(numbers || {}).filter(([, value]) => typeof value === 'number').forEach(([name, value]) => {
      const words = prefix + name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll('_', ' ');
      totals[words] = (totals[words] || 0) + value;
    });
    return totals;
  }

  // ---- The connection to the server

  let stream = null;
  let lastEventMillis = 0;
  let lastTryMillis = 0;
  let awaySince = 0;
  let polling = false;

  function setState(state, text) {
    document.body.dataset.state = state;
    setText('state-text', text);
  }

  function received(stats) {
    stats.received = Date.now() / 1000;
    awaySince = 0;
    if (!last || stats.received > last.received) show(stats);
  }

  /** Asks for the stream; what becomes of it is seen in its events, or in their absence. */
  function openStream() {
    lastTryMillis = Date.now();
    stream = new EventSource('stats/stream');
    stream.addEventListener('stats', (event) => {
      lastEventMillis = Date.now();
      received(JSON.parse(event.data));
      setState('live', 'live');
    });
    stream.addEventListener('error', closeStream); // its own way of coming back gives up for good after a 503
  }

  function closeStream() {
    if (stream) stream.close();
    stream = null;
  }

  async function poll() {
    polling = true;
    try {
      const answer = await fetch('stats', { cache: 'no-store', signal: AbortSignal.timeout(POLL_DEADLINE_MILLIS) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      received(await answer.json());
      setState('polling', 'asking once a second');
    } catch {
      awaySince ||= Date.now();
      setState('away', `server away for ${duration((Date.now() - awaySince) / 1000)}, trying again`);
    }
    polling = false;
  }

  /** Once a second: finds out whether the stream still speaks, and asks in its stead if not. */
  function look() {
    const now = Date.now();
    if (stream && now - Math.max(lastEventMillis, lastTryMillis) > SILENCE_MILLIS) closeStream();
    if (!stream && now - lastTryMillis >= STREAM_RETRY_MILLIS) openStream();
    const spoken = now - lastEventMillis < SILENCE_MILLIS && stream;
    if (!spoken && !polling) poll();
  }

  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => charts.forEach((chart) => chart.redraw()));
  byId('latency-class').addEventListener('change', () => {
    classChosen = true;
    showLatencies();
  });
  openStream();
  setInterval(look, POLL_MILLIS);
})();
