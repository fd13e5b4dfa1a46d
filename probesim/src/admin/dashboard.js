'use strict';

// What comes from the server, and through it from callers, is only ever set as text.

const WINDOW = 40; // outcomes on the strip of an endpoint
const LIMIT = 50; // decisions that are heard of each endpoint in a second
const PERIOD = 1000; // ms between two looks at the state
const HIDDEN_PERIOD = 10000;
const PATIENCE = 4000; // ms for an answer
const ADDRESSES = 8; // of each class of callers

const $ = id => document.getElementById(id);
let state = null; // the last one that came
let cameAt = 0; // when it came, in ms of performance.now()
let lost = null; // why there is no answer, if so
let events = null;
let missed = 0;
const rows = new Map(); // endpoints by name
const callers = { probes: new Map(), others: new Map() }; // addresses and when they were seen

// === words ===

const uptime = () => state.uptime_seconds + (performance.now() - cameAt) / 1000;

function time(seconds) {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 9.95 ? `${seconds.toFixed(1)} s` : whole(Math.round(seconds));
}

function whole(seconds) {
  if (seconds < 100) return `${seconds} s`;
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'm'], [1, 's']];
  const first = parts.findIndex(([unit]) => seconds >= unit);
  const [big, small] = [parts[first], parts[first + 1]];
  const rest = Math.floor(seconds % big[0] / small[0]);
  return `${Math.floor(seconds / big[0])} ${big[1]}` + (rest ? ` ${rest} ${small[1]}` : '');
}

// Counts down in whole seconds, and says 1 s until it is over.
const left = seconds => whole(Math.ceil(Math.max(0, seconds)));
const ago = at => { const s = Math.floor(uptime() - at); return s < 1 ? 'now' : `${whole(s)} ago`; };
const number = n => n.toLocaleString('en');
const count = (n, one) => `${number(n)} ${one}${n === 1 ? '' : 's'}`;
const list = words => words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

// === page ===

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function make(tag, className, ...children) {
  const space = tag === 'svg' || tag === 'path' ? 'http://www.w3.org/2000/svg' : 'http://www.w3.org/1999/xhtml';
  const element = document.createElementNS(space, tag);
  if (className) element.setAttribute('class', className);
  element.append(...children);
  return element;
}

// Gives `parent` one child for each item, and keeps those that are there: a focus must not be lost.
function keep(parent, items, key, create, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  items.forEach((item, n) => {
    const name = key(item);
    let child = old.get(name);
    old.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    if (parent.children[n] !== child) parent.insertBefore(child, parent.children[n] ?? null);
    update(child, item);
  });
  old.forEach(child => child.remove());
}

let isPlanned = false;
function paintSoon() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => { isPlanned = false; paint(); });
}

function paint() {
  paintLink();
  if (!state) return;
  const faults = allFaults();
  paintBanner(faults);
  paintFaults(faults);
  const isAsked = one => one.requests > 0 || rows.get(one.endpoint)?.ring.length > 0;
  keep($('endpoints'), state.endpoints.filter(isAsked), one => one.endpoint, createEndpoint, paintEndpoint);
  const others = state.endpoints.filter(one => !isAsked(one)).map(one => one.endpoint);
  put($('unasked'), `Not asked yet: ${list(others)}.`);
  $('unasked').hidden = !others.length;
  paintCallers();
  put($('sampled'), `More than ${LIMIT} decisions a second at one endpoint: its strip is a sample ` +
    `(${number(missed)} left out). The counts are exact.`);
  $('sampled').hidden = missed === 0;
}

function paintLink() {
  const silent = performance.now() - cameAt;
  put($('where'), location.host);
  document.body.classList.toggle('stale', lost !== null);
  put($('link'), lost === null ? (state ? 'live' : 'connecting') : 'no answer');
  if (lost !== null) {
    $('banner').className = 'banner lost';
    put($('summary'), `No answer from ${location.host}`);
    const rest = state ? 'What follows is the last that is known. ' : '';
    put($('detail'), `Since ${left(silent / 1000)}: ${lost}. ${rest}It is asked every second.`);
    document.title = 'no answer – probesim';
  }
  if (!state) return;
  put($('process'), [state.version, `start ${state.start}`, `up ${whole(Math.floor(uptime()))}`, `seed ${state.seedText}`,
    state.waiting && count(state.waiting, 'wait') + ' under way', state.is_draining && 'draining'].filter(Boolean).join(' · '));
}

function paintBanner(faults) {
  const active = faults.filter(fault => fault.isActive);
  const failing = state.endpoints.map(row).filter(one => ['fail', 'none'].includes(one.mark));
  const isCalm = !active.length && !failing.length && !state.is_draining;
  if (lost !== null) return;
  $('banner').className = `banner ${isCalm ? 'calm' : 'alarm'}`;
  const summary = active.length ? `▲ ${count(active.length, 'fault')} active` : '✓ No fault is active';
  put($('summary'), summary + (state.is_draining ? '; the process drains' : ''));
  const words = state.network === 'open' ? [] : [`The main port: ${state.network}.`];
  const named = one => one.cause ? `${one.name} (${one.cause})` : one.name;
  if (failing.length) words.push(`Failing: ${list(failing.map(named))}.`);
  else words.push(state.callers.length ? 'No endpoint failed when it was last asked.' : 'Nobody has asked yet.');
  const live = active.filter(fault => fault.isLive);
  const ends = Math.max(...live.map(fault => fault.ends ?? Infinity));
  const over = Number.isFinite(ends) ? `over in ${left(ends - uptime())}` : 'until cleared';
  if (live.length) words.push(`${count(live.length, 'live fault')}, ${over}.`);
  const standing = active.length - live.length;
  if (standing) words.push(`${number(standing)} of plan and settings.`);
  const later = faults.length - active.length;
  if (later) words.push(`${number(later)} planned for later.`);
  put($('detail'), words.filter(Boolean).join(' '));
  document.title = `${active.length ? `▲ ${active.length}` : failing.length ? '✕' : '✓'} probesim ${location.host}`;
}

// === faults ===

// The faults of the plan, one for all its places, and those of the settings.
function allFaults() {
  const base = state.uptime_seconds;
  const from = seconds => seconds === null ? null : base + seconds;
  const all = new Map();
  for (const fault of state.faults) {
    const ends = from(fault.expires_in_seconds);
    if (ends !== null && ends <= uptime()) continue;
    const key = `${fault.is_live ? 'live' : 'planned'} ${fault.name} ${fault.words.what}`;
    const one = all.get(key) ?? {
      key, name: fault.name, isLive: fault.is_live, places: [], hits: 0, isActive: false, ends,
      changes: from(fault.changes_in_seconds), what: fault.words.what,
      more: [fault.words.when, fault.words.whom].filter(Boolean).join('; '),
    };
    one.places.push(fault.endpoint);
    one.hits += fault.hits;
    one.isActive ||= fault.is_active;
    all.set(key, one);
  }
  for (const setting of state.settings) {
    const key = `setting ${setting.name} ${setting.what}`;
    const one = all.get(key) ?? {
      key, name: setting.name, isLive: false, isSetting: true, places: [], hits: null, isActive: setting.is_active,
      ends: null, changes: from(setting.changes_in_seconds), what: setting.what, more: '',
    };
    one.places.push(setting.endpoint);
    all.set(key, one);
  }
  return [...all.values()].sort((a, b) => b.isActive - a.isActive || b.isLive - a.isLive);
}

function paintFaults(faults) {
  $('no-faults').hidden = faults.length > 0;
  $('reset').hidden = !faults.some(fault => fault.isLive);
  keep($('faults'), faults, fault => fault.key, createFault, (item, fault) => {
    const [words, remains, more] = item.children;
    const places = fault.places.length === state.endpoints.length ? 'all endpoints' : list(fault.places);
    put(words.children[0], fault.isActive ? '▲ active' : '◷ not now');
    words.children[0].className = `state ${fault.isActive ? 'fail-text' : 'dim'}`;
    put(words.children[1], places);
    put(words.children[2], fault.what);
    let rest = '';
    if (fault.ends !== null) rest = `${left(fault.ends - uptime())} left`;
    else if (fault.isLive) rest = 'until cleared';
    put(remains, rest);
    let change = '';
    const changes = fault.changes === null ? -1 : fault.changes - uptime();
    if (changes > 0 && Math.abs(fault.changes - fault.ends) > 0.1) {
      change = `${fault.isActive ? 'pauses or ends' : 'begins'} in ${left(changes)}`;
    }
    const origin = fault.isLive ? 'live' : fault.isSetting ? 'setting' : 'planned';
    const hits = fault.hits === null ? '' : count(fault.hits, 'hit');
    const name = fault.name.startsWith(origin) ? fault.name : `${origin} ${fault.name}`;
    put(more, [name, fault.more, change, hits].filter(Boolean).join(' · '));
  });
}

function createFault(fault) {
  const words = make('div', '', make('span', 'state'), ' ', make('b'), ': ', make('span'));
  const item = make('li', 'fault', words, make('div', 'left'), make('div', 'dim'));
  if (fault.isLive) {
    const button = make('button', 'clear', 'Clear');
    button.type = 'button';
    button.setAttribute('aria-label', `Clear the fault ${fault.name}`);
    button.addEventListener('click', () => {
      change('DELETE', `faults?name=${encodeURIComponent(fault.name)}`, undefined, $('cleared'));
    });
    item.append(button);
  }
  return item;
}

// === endpoints ===

const WORDS = { pass: '✓ passing', fail: '✕ failing', none: '◇ no answer', new: '– asked by readiness only' };

function mark(outcome, reason) {
  if (outcome === 'success' || reason === 'healthy') return 'pass';
  return outcome === 'failure' ? 'fail' : 'none';
}

// What is known of an endpoint; `known` is its part of the state.
function row(known) {
  const name = known.endpoint;
  const one = rows.get(name) ?? { name, ring: [], mark: 'new', cause: '', at: -1, probed: -1, interval: null };
  rows.set(name, one);
  const { last, probe } = known;
  if (last && last.uptime > one.at + 1e-6) {
    const cause = ['healthy', 'whole'].includes(last.reason) ? '' : last.reason;
    Object.assign(one, { at: last.uptime, mark: mark(last.outcome, last.reason), cause });
  }
  if (probe && probe.uptime >= one.probed) {
    Object.assign(one, { probed: probe.uptime, interval: probe.interval_seconds });
  }
  return one;
}

function hear(decision) {
  const known = state?.endpoints.find(one => one.endpoint === decision.endpoint);
  if (!known) return;
  const one = row(known);
  const isProbe = decision.caller === 'probes';
  const outcome = mark(decision.outcome, decision.reason);
  one.ring.push({ mark: outcome, isProbe, at: decision.uptime, delay: decision.delay, took: null });
  if (one.ring.length > WINDOW) one.ring.shift();
  const cause = [decision.status, decision.fault ?? (decision.reason === 'healthy' ? null : decision.reason)];
  if (decision.uptime >= one.at) {
    Object.assign(one, { at: decision.uptime, mark: outcome, cause: cause.filter(Boolean).join(' ') });
  }
  if (isProbe) {
    if (one.probed >= 0 && decision.uptime > one.probed) one.interval = decision.uptime - one.probed;
    one.probed = Math.max(one.probed, decision.uptime);
  }
  if (decision.address) {
    const seen = callers[decision.caller];
    seen.delete(decision.address); // the newest is the last
    seen.set(decision.address, decision.uptime);
    if (seen.size > ADDRESSES) seen.delete(seen.keys().next().value);
  }
  paintSoon();
}

// An answer is that of the decision with its wait that was made about when its request arrived.
function hearServed({ endpoint, arrived, injected, took }) {
  const off = entry => Math.abs(entry.at - arrived);
  const waits = (rows.get(endpoint)?.ring ?? []).filter(entry => entry.took === null && entry.delay === injected);
  const closest = waits.sort((a, b) => off(a) - off(b))[0];
  if (closest && off(closest) < 0.1) closest.took = took;
  paintSoon();
}

const PATHS = ['axis', 'injected', 'served', 'pass', 'fail', 'none', 'probe'];

function createEndpoint() {
  const chart = make('svg', 'chart', ...PATHS.map(name => make('path', name)));
  chart.setAttribute('preserveAspectRatio', 'xMaxYMid meet');
  chart.setAttribute('role', 'img');
  const name = make('div', 'name', make('b'), ' ', make('span', 'state'), ' ', make('span', 'cause'));
  const words = make('div', '', name, make('div', 'dim'), make('div', 'dim'), make('div', 'plan dim'));
  return make('li', 'endpoint', words, chart);
}

function paintEndpoint(item, known) {
  const one = row(known);
  const [words, chart] = item.children;
  const [name, facts, wait, plan] = words.children;
  const [title, status, cause] = name.children;
  put(title, known.endpoint);
  put(status, WORDS[one.mark]);
  status.className = `state ${one.mark}-text`;
  put(cause, one.at < 0 ? '' : `${one.cause} ${ago(one.at)}`.trim());
  const parts = [];
  if (known.requests) parts.push(`${count(known.requests, 'request')}, ${number(known.failures)} failed`);
  if (one.probed >= 0) {
    const cadence = one.interval === null ? 'once' : `every ${time(one.interval)}`;
    parts.push(`kubelet ${cadence}, last ${ago(one.probed)}`);
  }
  let waited = '';
  const waits = one.ring.filter(entry => entry.delay > 0);
  const longest = Math.max(0, ...one.ring.map(entry => Math.max(entry.delay, entry.took ?? 0)));
  if (waits.length) {
    const last = waits.at(-1);
    const served = last.took === null ? 'not served' : `${time(last.took)} served`;
    waited = `Wait: ${time(last.delay)} injected, ${served}; up to ${time(longest)}`;
  }
  put(facts, parts.join(' · '));
  put(wait, waited);
  const steps = state.is_draining ? known.plan : known.plan.replace('503 while draining, ', '');
  put(plan, steps);
  plan.hidden = /^(else )?(200|404)$/.test(steps);
  chart.toggleAttribute('hidden', !one.ring.length);
  if (one.ring.length) paintChart(chart, one, longest);
}

const SHAPES = { pass: 'm2 27h4v7h-4z', fail: 'm1 27l6 7m0-7l-6 7', none: 'm4 27l3.2 3.5-3.2 3.5-3.2-3.5z' };

function paintChart(chart, one, longest) {
  const paths = Object.fromEntries(PATHS.map(name => [name, '']));
  const counts = { pass: 0, fail: 0, none: 0 };
  one.ring.forEach((entry, n) => {
    const x = (WINDOW - one.ring.length + n) * 8;
    const height = seconds => Math.max(1, Math.round(seconds / longest * 20));
    if (entry.delay > 0) paths.injected += `M${x + 1} 22v-${height(entry.delay)}h6V22z`;
    if (entry.took !== null) paths.served += `M${x} ${22 - height(entry.took)}h8`;
    if (entry.isProbe) paths.probe += `M${x + 1} 38h6`;
    paths[entry.mark] += `M${x} 0${SHAPES[entry.mark]}`;
    counts[entry.mark] += 1;
  });
  if (longest > 0) paths.axis = `M0 22.5H${WINDOW * 8}`;
  chart.setAttribute('viewBox', longest > 0 ? `0 0 ${WINDOW * 8} 40` : `0 24 ${WINDOW * 8} 16`);
  for (const path of chart.children) {
    const shape = paths[path.getAttribute('class')];
    if (path.getAttribute('d') !== shape) path.setAttribute('d', shape);
  }
  const label = `Last ${one.ring.length} outcomes of ${one.name}: ` +
    `${counts.pass} passed, ${counts.fail} failed, ${counts.none} without an answer`;
  if (chart.getAttribute('aria-label') !== label) chart.setAttribute('aria-label', label);
}

function paintCallers() {
  $('no-callers').hidden = state.callers.length > 0;
  const create = () => make('li', '', make('b'), ' ', make('span', 'dim'), make('div', 'dim'));
  keep($('seen'), state.callers, one => one.caller, create, (item, one) => {
    const addresses = [...callers[one.caller]].reverse().map(([address, at]) => `${address} (${ago(at)})`);
    put(item.children[0], one.caller === 'probes' ? 'kubelet' : 'others');
    put(item.children[1], `${count(one.requests, 'request')}, ${number(one.failures)} failed, last ${ago(one.uptime)}`);
    put(item.children[2], addresses.length ? `from ${addresses.join(', ')}` : '');
  });
}

// === server ===

async function look() {
  try {
    const answer = await fetch('state', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    take(await answer.text());
    lost = null;
    listen();
  } catch (error) {
    if (error.name === 'TimeoutError') lost = `it said nothing for ${PATIENCE / 1000} s`;
    else lost = error.name === 'Error' ? error.message : 'it cannot be reached';
    if (cameAt === 0) cameAt = performance.now();
  }
  paintSoon();
}

function take(text) {
  const next = JSON.parse(text);
  // A number of 64 bits, which JavaScript would round.
  next.seedText = text.match(/"seed":\s*(\d+)/)?.[1] ?? '?';
  const isAnother = state && (next.seedText !== state.seedText || next.uptime_seconds < state.uptime_seconds);
  if (isAnother) {
    rows.clear();
    missed = 0;
    Object.values(callers).forEach(seen => seen.clear());
  }
  const isFirst = !state || state.endpoints.length !== next.endpoints.length;
  state = next;
  cameAt = performance.now();
  if (isFirst) fillTargets();
}

let timer = 0;
async function lookAgain() {
  clearTimeout(timer);
  await look();
  clearTimeout(timer);
  timer = setTimeout(lookAgain, document.hidden ? HIDDEN_PERIOD : PERIOD);
}

function listen() {
  if (events || document.hidden) return;
  events = new EventSource(`events?limit=${LIMIT}`);
  const on = (kind, take) => events.addEventListener(kind, event => take(JSON.parse(event.data)));
  on('decision', hear);
  on('served', hearServed);
  on('missed', n => { missed += n; });
  // The next answer opens it again.
  events.addEventListener('error', deafen);
}

function deafen() {
  events?.close();
  events = null;
}

// === changes ===

const TOKEN = 'probesim-token';
let waiting = null; // the change that wants a token

async function change(method, path, body, report) {
  report.replaceChildren();
  const headers = { 'Content-Type': 'application/yaml' };
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const answer = await fetch(path, { method, body, headers, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
    const said = await answer.json().catch(() => ({ error: `the server answers ${answer.status}` }));
    if (answer.status === 401) {
      waiting = () => change(method, path, body, report);
      askForToken(token ? said.error : '');
    } else if (!answer.ok) {
      tell(report, said);
    }
  } catch {
    tell(report, { error: `no answer from ${location.host}: whether it changed is not known` });
  }
  $('forget').hidden = !sessionStorage.getItem(TOKEN);
  await lookAgain();
}

function tell(report, { error, problems = [] }) {
  const lines = problems.map(({ field, line, message }) => [`line ${line}`, field, message].filter(Boolean).join(': '));
  report.replaceChildren(make('p', 'bad', `Refused: ${error}.`), make('ul', '', ...lines.map(line => make('li', '', line))));
}

function askForToken(refused) {
  sessionStorage.removeItem(TOKEN);
  put($('refused'), refused);
  $('token').value = '';
  if (!$('ask').open) $('ask').showModal();
  $('token').focus();
}

// === form ===

const ENDPOINT_PRESETS = [
  ['fails', { status: '500' }],
  ['is unavailable (503)', { status: '503' }],
  ['fails now and then', { rate: '20%', status: '500' }],
  ['is slow', { latency: '2s' }],
  ['never answers', { more: 'answer: never' }],
  ['comes and goes', { status: '503', more: 'flap: {period: 30s, duty: 50%}' }],
  ['trickles past the timeout', { more: 'answer: trickle, over: 10s' }],
  ['resets the connection', { more: 'answer: reset' }],
  ['answers garbage', { more: 'answer: garbage' }],
];
const PORT_PRESETS = [
  ['refuses connections', { more: 'answer: refuse' }],
  ['resets connections', { more: 'answer: reset' }],
  ['accepts and never answers', { more: 'answer: hang' }],
  ['drops what comes', { more: 'answer: blackhole' }],
];
const FIELDS = ['rate', 'latency', 'status', 'callers'];
const isPort = () => $('on').value.startsWith('network');
const presets = () => isPort() ? PORT_PRESETS : ENDPOINT_PRESETS;

const option = (text, value = text) => Object.assign(make('option', '', text), { value });

function fillTargets() {
  const before = $('on').value;
  const names = state.endpoints.map(one => one.endpoint);
  const ports = [['network', 'main port'], ['network/grpc', 'gRPC port'], ['network/tcp', 'TCP port']];
  const all = [...names.map(name => option(name)), option('all endpoints', 'all'), ...ports.map(([on, name]) => option(name, on))];
  $('on').replaceChildren(...all);
  $('on').value = before || 'readiness';
  fillPresets();
}

function fillPresets() {
  const names = presets().map(([name]) => name);
  if ($('preset').children[0]?.value === names[0]) return compose();
  $('preset').replaceChildren(...names.map(name => option(name)));
  FIELDS.forEach(id => { $(id).disabled = isPort(); });
  usePreset();
}

function usePreset() {
  const [, preset] = presets()[$('preset').selectedIndex];
  for (const id of ['rate', 'latency', 'status']) $(id).value = preset[id] ?? '';
  compose();
}

// The text is what counts: the fields only write it.
function compose() {
  const [, { more }] = presets()[$('preset').selectedIndex];
  const given = FIELDS.filter(id => !isPort() && $(id).value.trim()).map(id => `${id}: ${$(id).value.trim()}`);
  const ttl = $('ttl').value.trim();
  $('text').value = `{${[`on: ${$('on').value}`, ...given, more, ttl && `ttl: ${ttl}`].filter(Boolean).join(', ')}}`;
}

$('on').addEventListener('change', fillPresets);
$('preset').addEventListener('change', usePreset);
for (const id of [...FIELDS, 'ttl']) $(id).addEventListener('input', compose);
$('inject').addEventListener('submit', event => {
  event.preventDefault();
  change('PATCH', 'faults', $('text').value, $('answer'));
});
$('reset').addEventListener('click', () => change('POST', 'reset', undefined, $('cleared')));
$('give').addEventListener('submit', event => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, $('token').value.trim());
  $('ask').close();
  waiting?.();
});
$('leave').addEventListener('click', () => $('ask').close());
$('ask').addEventListener('close', () => { $('token').value = ''; });
$('forget').addEventListener('click', () => {
  sessionStorage.removeItem(TOKEN);
  $('forget').hidden = true;
});
$('forget').hidden = !sessionStorage.getItem(TOKEN);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) deafen();
  lookAgain();
});
setInterval(paintSoon, 250);
lookAgain();
