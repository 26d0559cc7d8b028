"use strict";
// The checker of a site pack in a browser: the same rules and the same findings as check.pyz (checking.py); nothing is sent.
const DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"};
const NUMBER = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const GROUPED = {".": /^[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?$/, ",": /^[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?$/};
const DECIMAL_COMMA = /^[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+),[0-9]*(?:[eE][+-]?[0-9]+)?$/;
const ERROR_VALUE = /^#[A-Z0-9/!?_ ]+[!?]?$/;
const INFINITE = /^[+-]?(?:inf|infinity|∞)$/i;
const CENSORED = /^(?:<=?|>=?|≤|≥)\s*[+-]?[0-9.,]+(?:[eE][+-]?[0-9]+)?$/;
const ROUNDED = /^[0-9]\.[0-9]+[eE]\+[0-9]{2,}$/;
const UNREADABLE = ["READ-030", "READ-031", "READ-032", "READ-033", "READ-034", "READ-035", "READ-036", "SITE-100"];
const NOT_COMPARED = ["version", "imageTypes", "sigma"];
const MATTERS = ["binCount", "binWidth", "distances", "force2D", "force2Ddimension", "gldm_a", "interpolator", "normalize", "normalizeScale",
  "preCrop", "removeOutliers", "resampledPixelSpacing", "resegmentMode", "resegmentRange", "sigma", "symmetricalGLCM", "voxelArrayShift",
  "weightingNorm"];
const INFORMATIVE = 3, SAMPLE = 30, MOST_ROWS = 8, LONGEST = 20000;
const NORMALISE = {"strip-zeros": (t) => t.replace(/^0+/, "") || "0", "strip-space": (t) => t.trim(), "fold-case": (t) => t.toLowerCase()};

class Refused extends Error {
  constructor(code, count = 1, what = "") { super(code); this.code = code; this.count = count; this.what = what; }
}
const count = (text, part) => text.split(part).length - 1;
const distinct = (items) => [...new Set(items)];
const sorted = (items) => [...items].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const shown = (text) => {
  const hex = (code, size) => code.toString(16).padStart(size, "0");
  const written = (c) => {
    const code = c.codePointAt(0);
    if (c === " ") return c;
    if ("\t\n\r".includes(c)) return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}[c];
    return code < 256 ? "\\x" + hex(code, 2) : code < 65536 ? "\\u" + hex(code, 4) : "\\U" + hex(code, 8);
  };
  const plain = [...text].slice(0, 41).join("").replace(/[\p{C}\p{Z}]/gu, written);
  return [...text].length <= 40 ? plain : plain.slice(0, 40) + "...";
};
const few = (items, most = 5) => {
  const texts = [...items].map((item) => shown(String(item)));
  return texts.slice(0, most).join(", ") + (texts.length > most ? `, ... (${texts.length} in all)` : "");
};
const found = (code, n, of = 0, what = "", rows = [], scope = "") => ({code, count: n, of, what, rows, scope});

// reading
function decoded(bytes, stated) {
  const starts = (...mark) => mark.every((byte, i) => bytes[i] === byte);
  if (starts(0x50, 0x4b, 3, 4) || starts(0xd0, 0xcf, 0x11, 0xe0) || starts(0x50, 0x41, 0x52, 0x31) || starts(0x1f, 0x8b)
    || starts(0x25, 0x50, 0x44, 0x46)) throw new Refused("SITE-100");
  const strict = (data, name, said = name) => {
    try { return new TextDecoder(name, {fatal: true, ignoreBOM: true}).decode(data); } catch { throw new Refused("READ-033", 1, said); }
  };
  const windows = (data) => {
    if (data.some((byte) => [0x81, 0x8d, 0x8f, 0x90, 0x9d].includes(byte))) throw new Refused("READ-033", 1, "cp1252");
    return strict(data, "windows-1252");
  };
  if (stated) return [strict(bytes, stated).replace(/^\ufeff/, ""), stated, 0];
  if (starts(0xef, 0xbb, 0xbf)) return [strict(bytes.subarray(3), "utf-8"), "utf-8", 0];
  if (starts(0xff, 0xfe)) return [strict(bytes.subarray(2), "utf-16le", "utf-16-le"), "utf-16-le", 0];
  if (starts(0xfe, 0xff)) return [strict(bytes.subarray(2), "utf-16be", "utf-16-be"), "utf-16-be", 0];
  if (bytes.includes(0)) throw new Refused("SITE-100");
  try { return [new TextDecoder("utf-8", {fatal: true, ignoreBOM: true}).decode(bytes), "utf-8", 0]; } catch { /* not UTF-8 */ }
  const text = windows(bytes);
  return [text, "windows-1252", [...text].filter((letter) => letter.codePointAt(0) > 127).length];
}
function sample(text) {
  const returns = count(text, "\r"), feeds = count(text, "\n"), both = count(text, "\r\n");
  const end = both && both === returns && both === feeds ? "\r\n" : !feeds && returns ? "\r" : "\n";
  const lines = [];
  let start = 0;
  while (start < text.length && lines.length < SAMPLE) {
    let stop = text.indexOf(end, start);
    if (stop < 0) stop = text.length;
    while (count(text.slice(start, stop), '"') % 2) {
      if (stop >= text.length) return lines;
      const after = text.indexOf(end, stop + end.length);
      stop = after < 0 ? text.length : after;
    }
    if (stop > start) lines.push(text.slice(start, stop));
    start = stop + end.length;
  }
  return lines;
}
function fields(line, delimiter) {
  if (!line.includes('"')) return count(line, delimiter) + 1;
  const outside = line.split('"').filter((_, i) => i % 2 === 0), last = outside.length - 1;
  for (const [i, text] of outside.entries()) {
    const opened = i === last || !text || text.endsWith(delimiter), closed = i === 0 || !text || text.startsWith(delimiter);
    if (!(opened && closed)) return 0;
  }
  return outside.reduce((sum, text) => sum + count(text, delimiter), 0) + 1;
}
function foundDelimiter(lines) {
  const present = {};
  for (const mark of Object.keys(DELIMITERS)) {
    const counts = lines.map((line) => fields(line, mark));
    if (counts.length && counts[0] > 1) present[mark] = counts;
  }
  const marks = Object.keys(present);
  if (!marks.length) return "";
  let even = marks.filter((mark) => distinct(present[mark]).length === 1 && present[mark].length > 1);
  if (!even.length) even = marks.filter((mark) => present[mark].length > 1 && distinct(present[mark].slice(1)).length === 1
    && present[mark][1] === present[mark][0] + 1);
  if (even.length > 1) throw new Refused("READ-031", even.length, even.map((mark) => DELIMITERS[mark]).join(" or "));
  if (even.length) return even[0];
  const most = (counts) => Math.max(...distinct(counts).map((n) => counts.filter((m) => m === n).length));
  return marks.reduce((best, mark) => {
    const a = [most(present[best]), present[best][0]], b = [most(present[mark]), present[mark][0]];
    return b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? mark : best;
  });
}
function records(text, delimiter) {
  const mark = delimiter || "\x1f", grid = [];
  let row = [], cell = "", state = "record";
  const save = () => { row.push(cell); cell = ""; };
  const finish = () => { grid.push(row); row = []; state = "record"; };
  for (let i = 0; i < text.length; i++) {
    const c = text[i], newline = c === "\n" || c === "\r";
    if (state === "quoted") {
      if (c === '"') state = "quote"; else cell += c;
      continue;
    }
    if (newline && c === "\r" && text[i + 1] === "\n") i++;
    if (state === "record" && newline) { finish(); continue; }
    if (state === "quote" && c === '"') { cell += c; state = "quoted"; continue; }
    if (newline) { save(); finish(); continue; }
    if (c === mark) { save(); state = "field"; continue; }
    if (state === "quote") throw new Refused("READ-035");
    if (c === '"' && state !== "in") { state = "quoted"; continue; }
    cell += c;
    state = "in";
  }
  if (state === "quoted") throw new Refused("READ-035");
  if (state !== "record") { save(); finish(); }
  return grid;
}
function even(grid, first) {
  let header = grid[0], body = grid.slice(1), width = header.length;
  const lengths = distinct(body.filter((row) => row.length).map((row) => row.length));
  if (lengths.length === 1 && lengths[0] === width + 1) {
    if (body.every((row) => !row.length || !row[width].trim())) body = body.map((row) => row.slice(0, width));
    else { header = ["", ...header]; width += 1; }
  }
  body = body.map((row) => (row.length > width && !row.slice(width).some((cell) => cell.trim()) ? row.slice(0, width) : row));
  const ragged = [...body.entries()].filter(([, row]) => row.length && row.length !== width).map(([i]) => first + 1 + i);
  if (ragged.length) throw new Refused("READ-034", ragged.length, "rows " + few(ragged));
  return [body.map((row) => (row.length ? row : Array(width).fill(""))), header];
}
function read(bytes, stated) {
  const [text, encoding, foreign] = decoded(bytes, stated.encoding);
  if (!text.trim()) throw new Refused("READ-036");
  const delimiter = stated.delimiter || foundDelimiter(sample(text));
  const grid = records(text, delimiter === "tab" || delimiter === "\\t" ? "\t" : delimiter);
  const first = grid.findIndex((row) => row.length);
  let last = grid.length - 1;
  while (!grid[last].length) last--;
  const [rows, header] = even(grid.slice(first, last + 1), first + 1);
  const names = header.map((cell, i) => cell.trim().replace(/^\ufeff+|\ufeff+$/g, "").normalize("NFC") || `unnamed_${i + 1}`);
  const kept = [...rows.keys()].filter((i) => rows[i].some((cell) => cell.trim()));
  const whole = [...header.keys()].filter((i) => header[i].trim() || kept.some((k) => rows[k][i].trim()));
  const numeric = names.filter((name) => NUMBER.test(name));
  if (names.length > 2 && numeric.length >= names.length - 1
    && (distinct(numeric).length < numeric.length || numeric.some((name) => name.includes(".")))) throw new Refused("READ-032");
  return {names: whole.map((i) => names[i]), rows: kept.map((k) => whole.map((i) => rows[k][i])), numbers: kept.map((k) => first + 2 + k), encoding, foreign};
}
const column = (table, name) => { const at = table.names.indexOf(name); return table.rows.map((row) => row[at]); };

// cells
const blank = (text) => text.replace(/^[ \t]+|[ \t]+$/g, "");
function number(text, decimal) {
  if (decimal === ",") {
    if (text.includes(".")) return null;
    text = text.replace(",", ".");
  }
  return NUMBER.test(text) ? Number(text) : null;
}
function kind(text, decimal) {
  if (!decimal && GROUPED["."].test(text)) return "ambiguous";
  if (!decimal && DECIMAL_COMMA.test(text)) return "comma";
  if (ERROR_VALUE.test(text)) return "error";
  if (INFINITE.test(text) || NUMBER.test(text)) return "infinite";
  return CENSORED.test(text) ? "censored" : "text";
}
function numbers(cells, stated) {
  const decimal = stated.decimal, lost = new Set(stated.missing.map(blank));
  const marked = new Set([...lost].map((text) => number(text, decimal)).filter((value) => value !== null));
  const out = {values: [], plain: 0, refused: new Map(), kinds: {}, rows: []};
  cells.forEach((raw, i) => {
    const text = blank(raw), value = number(text, decimal);
    if (!text || lost.has(text) || (value !== null && marked.has(value)) || (value === null && ["nan", "NaN", "NA"].includes(text))) out.values.push(NaN);
    else if (value !== null && Number.isFinite(value)) { out.values.push(value); out.plain++; }
    else if (value === null && decimal && GROUPED[decimal].test(text)) {
      out.values.push(Number(decimal === "," ? text.replaceAll(".", "").replace(",", ".") : text.replaceAll(",", "")));
      out.plain++;
    } else {
      const what = kind(text, decimal);
      out.values.push(NaN);
      out.refused.set(raw, (out.refused.get(raw) || 0) + 1);
      out.kinds[what] = (out.kinds[what] || 0) + 1;
      out.rows.push(i);
    }
  });
  const words = (out.kinds.text || 0) + (out.kinds.error || 0), all = Object.values(out.kinds).reduce((a, b) => a + b, 0);
  out.isText = words > 0 && !out.plain && words === all;
  return out;
}

// settings
const isDiagnostic = (name) => /^(diagnostics_|general_info_)|_(diagnostics_|general_info_)/.test(name);
function literal(text) {
  let at = 0;
  const space = () => { while (/\s/.test(text[at] || "")) at++; };
  const value = () => {
    space();
    const c = text[at];
    if (c === "{") return group("}", true);
    if (c === "[") return group("]", false);
    if (c === "(") return group(")", false);
    if (c === "'" || c === '"') return quoted(c);
    const word = /^(?:None|null|True|true|False|false|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)/.exec(text.slice(at));
    if (!word) throw new Error("not a literal");
    at += word[0].length;
    if (/^[Nn]/.test(word[0])) return null;
    if (/^[Tt]/.test(word[0])) return true;
    if (/^[Ff]/.test(word[0])) return false;
    return {number: Number(word[0]), whole: /^[+-]?[0-9]+$/.test(word[0])};
  };
  const quoted = (mark) => {
    let out = "";
    for (at++; text[at] !== mark; at++) {
      if (at >= text.length || text[at] === "\n" || text[at] === "\r") throw new Error("open text");
      if (text[at] === "\\") { at++; out += {n: "\n", t: "\t", r: "\r"}[text[at]] ?? text[at]; } else out += text[at];
    }
    at++;
    return out;
  };
  const group = (end, mapping) => {
    const out = mapping ? new Map() : [];
    at++;
    for (space(); text[at] !== end; space()) {
      const item = value();
      space();
      if (mapping) {
        if (text[at++] !== ":") throw new Error("no colon");
        out.set(typeof item === "string" ? item : flat(item), value());
      } else out.push(item);
      space();
      if (text[at] === ",") at++; else if (text[at] !== end) throw new Error("no comma");
    }
    at++;
    return out;
  };
  const result = value();
  space();
  if (at < text.length) throw new Error("more text");
  return result;
}
function flat(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (value instanceof Map) return sorted(value.keys()).map((key) => {
    const item = value.get(key), empty = item === null || item === false || item === "" || item.size === 0 || item.length === 0 || item.number === 0;
    return empty ? key : `${key}: ${flat(item)}`;
  }).join(", ");
  if (Array.isArray(value)) return "[" + value.map(flat).join(", ") + "]";
  if (typeof value === "string") return value;
  const x = value.number, size = Math.abs(x);
  if (Number.isInteger(x)) return String(x);
  const text = size && (size < 1e-4 || size >= 1e16) ? x.toExponential() : String(x);
  return text.replace(/e([+-])([0-9])$/, "e$10$2");
}
function settings(table) {
  const named = table.names.map((name, i) => [i, name]).filter(([, name]) => isDiagnostic(name));
  return table.rows.map((row) => {
    const out = {};
    for (const [i, name] of named) {
      const tail = name.split("diagnostics_").pop().split("general_info_").pop(), cell = row[i];
      if (tail === "Versions_PyRadiomics" || tail === "Version") out.version = cell.trim().replace(/^v/, "");
      else if ((tail === "Configuration_Settings" || tail === "GeneralSettings") && cell.trim()) {
        let stated = null;
        try { stated = cell.length <= LONGEST ? literal(cell) : null; } catch { /* not a literal */ }
        if (stated instanceof Map) {
          for (const key of MATTERS) if (stated.has(key) && stated.get(key) !== null) out[key] = flat(stated.get(key));
        } else out.settings = "unreadable";
      }
    }
    return Object.fromEntries(Object.entries(out).filter(([, text]) => text));
  });
}

// protocol
function matches(text, pattern) {
  let made = "";
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i], close = c === "[" ? pattern.indexOf("]", i + (pattern[i + 1] === "!" ? 3 : 2)) : -1;
    if (c === "*") made += "[^]*";
    else if (c === "?") made += "[^]";
    else if (close > 0) { made += "[" + pattern.slice(i + 1, close).replace(/\\/g, "\\\\").replace(/^!/, "^") + "]"; i = close; }
    else made += c.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
  }
  return new RegExp(`^(?:${made})$`).test(text);
}
function judged(protocol, columns, stated, rows) {
  const off = [], silent = [];
  const ruleFor = (rule, i) => {
    for (const one of [...protocol.amendments].reverse()) {
      if (Object.entries(one.when).every(([name, pattern]) => matches(name in columns ? columns[name][i].trim() : "", pattern))) {
        const other = one.rules.find((item) => item.column === rule.column && item.setting === rule.setting);
        if (other) return other;
      }
    }
    return rule;
  };
  const kept = (rule, text) => {
    const value = number(text);
    if (rule.between) return value !== null && rule.between[0] <= value && value <= rule.between[1];
    if (!rule.one_of.length || rule.one_of.includes(text)) return true;
    return value !== null && rule.one_of.some((other) => number(other) === value);
  };
  for (const rule of protocol.rules) {
    let empty = false, deviating = false;
    for (const i of rows) {
      const text = ((rule.setting ? stated[i][rule.setting] : (columns[rule.column] || [])[i]) || "").trim();
      empty = empty || !text;
      deviating = deviating || Boolean(text && !kept(ruleFor(rule, i), text));
    }
    if (deviating) off.push(rule.label);
    if (empty) silent.push(rule.label);
  }
  return [off, silent];
}

// checking
function check(rules, bytes) {
  let table;
  try { table = read(bytes, rules.file); } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    return {found: [found(problem.code, problem.count, 0, problem.what)], asked: [], rows: 0, columns: 0, extra: []};
  }
  const out = table.foreign ? [found("READ-001", table.foreign, 0, table.encoding)] : [];
  out.push(...ofNames(rules, table));
  const [columns, refused] = ofFeatures(rules, table);
  out.push(...refused);
  const here = table.names.includes(rules.id.column), rule = NORMALISE[rules.id.normalise] || ((text) => text);
  const ids = here ? column(table, rules.id.column).map(rule) : [];
  if (ids.length) out.push(...ofPatients(rules, table, ids));
  else out.push(found("ID-033", 1, 0, `${rules.id.column}; found ${few(table.names)}`));
  out.push(...ofPlaces(rules, table), ...ofEndpoint(rules, table));
  const readable = !refused.some((one) => one.code === "READ-003" || one.code === "READ-004"); // else nobody can say what the cells are worth
  const all = [...table.rows.keys()], hollow = all.filter((i) => readable && Object.values(columns).every((cells) => Number.isNaN(cells[i])));
  const at = (rows) => rows.map((i) => table.numbers[i]);
  if (hollow.length) out.push(found("FEAT-058", hollow.length, all.length, "", at(hollow)));
  const gone = new Set(hollow), kept = all.filter((i) => !gone.has(i));
  if (kept.length && readable) {
    out.push(...ofValues(rules, columns, kept));
    if (ids.length) out.push(...ofCopies(rules, table, columns, kept, ids));
  }
  const stated = settings(table);
  out.push(...ofSettings(rules, table, stated));
  if (rules.protocol) {
    const lost = new Set(rules.file.missing.map((text) => text.trim()));
    const texts = Object.fromEntries(distinct(table.names).map((name) => [name, column(table, name).map((cell) => (lost.has(cell.trim()) ? "" : cell))]));
    const [off, silent] = judged(rules.protocol, texts, stated, kept), of = rules.protocol.rules.length;
    if (off.length) out.push(found("FEAT-170", off.length, of, few(off)));
    if (silent.length) out.push(found("FEAT-171", silent.length, of, few(silent)));
  }
  const known = new Set([...rules.features.map((item) => item.name), ...rules.known]);
  const extra = table.names.filter((name) => !known.has(name) && !/^(diagnostics_|general_info_)/.test(name));
  return {found: out, asked: rules.asked, rows: table.rows.length, columns: table.names.length, extra};
}
function ofNames(rules, table) {
  const out = [], wanted = rules.features.map((item) => item.name), known = new Set([...wanted, ...rules.known]), here = new Set(table.names);
  const twice = sorted([...here].filter((name) => known.has(name) && table.names.filter((other) => other === name).length > 1));
  if (twice.length) out.push(found("FEAT-008", twice.length, 0, few(twice)));
  const folded = new Map(wanted.map((name) => [name.toLowerCase(), name]));
  const spelt = sorted([...here].filter((name) => !known.has(name) && folded.has(name.toLowerCase())));
  if (spelt.length) out.push(found("FEAT-030", spelt.length, 0, few(spelt)));
  const alike = new Set(spelt.map((name) => folded.get(name.toLowerCase())));
  const lost = wanted.filter((name) => !here.has(name) && !alike.has(name));
  const ignored = rules.features.filter((item) => !item.named && here.has(item.name) && numbers(column(table, item.name), rules.file).isText);
  const gone = [...lost, ...ignored.map((item) => item.name)];
  if (gone.length) out.push(found("FEAT-032", gone.length, wanted.length, few(gone)));
  const roles = rules.columns.filter((name) => !here.has(name));
  if (roles.length) out.push(found("SITE-101", roles.length, 0, few(roles)));
  return out;
}
function ofFeatures(rules, table) {
  const columns = {}, odd = new Map(), here = new Map([...table.names.map((name) => [name.toLowerCase(), name]), ...table.names.map((name) => [name, name])]);
  for (const item of rules.features) {
    const name = here.get(item.name) ?? here.get(item.name.toLowerCase());
    const one = name === undefined ? null : numbers(column(table, name), rules.file);
    if (!one || (one.isText && !item.named)) { columns[item.name] = table.rows.map(() => NaN); continue; }
    columns[item.name] = one.values;
    if (one.refused.size) odd.set(item.name, one);
  }
  const present = rules.features.filter((item) => table.names.includes(item.name)).length;
  for (const [code, what] of [["READ-003", "comma"], ["READ-004", "ambiguous"]]) {
    const names = [...odd.keys()].filter((name) => odd.get(name).kinds[what]);
    if (names.length) return [columns, [found(code, names.length, present, few([...odd.get(names[0]).refused.keys()].map((text) => `"${text}"`)))]];
  }
  if (!odd.size) return [columns, []];
  const texts = new Map();
  for (const one of odd.values()) for (const [text, n] of one.refused) texts.set(text, (texts.get(text) || 0) + n);
  const order = [...texts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rows = distinct([...odd.values()].flatMap((one) => one.rows)).sort((a, b) => a - b);
  const total = order.reduce((sum, [, n]) => sum + n, 0);
  return [columns, [found("READ-005", total, odd.size, few(order.map(([text, n]) => `"${shown(text)}" x${n}`)), rows.map((i) => table.numbers[i]))]];
}
function ofPatients(rules, table, ids) {
  const out = [], at = (rows) => rows.map((i) => table.numbers[i]), all = [...ids.keys()];
  const empty = all.filter((i) => !ids[i].trim());
  if (empty.length) out.push(found("ID-032", empty.length, ids.length, "", at(empty)));
  const rounded = sorted(distinct(ids.filter((text) => ROUNDED.test(text.trim()))));
  if (rounded.length) out.push(found("ID-035", rounded.length, 0, few(rounded), at(all.filter((i) => rounded.includes(ids[i])))));
  if (rules.unit && !table.names.includes(rules.unit)) return [...out, found("ID-036", 1, 0, rules.unit)];
  const named = all.filter((i) => ids[i].trim());
  if (rules.id.pattern) {
    const fits = new RegExp(`^(?:${rules.id.pattern})$`), odd = new Set(named.map((i) => ids[i]).filter((text) => !fits.test(text) && !rounded.includes(text)));
    if (odd.size) out.push(found("ID-100", odd.size, distinct(ids).length, rules.id.pattern, at(named.filter((i) => odd.has(ids[i])))));
  }
  const folded = new Map();
  for (const i of named) {
    const key = ids[i].split(/\s+/).join("").toLowerCase();
    folded.set(key, (folded.get(key) || new Set()).add(ids[i]));
  }
  const alike = new Set([...folded.values()].filter((group) => group.size > 1).flatMap((group) => [...group]));
  if (alike.size) out.push(found("ID-004", alike.size, 0, few(sorted(alike)), at(named.filter((i) => alike.has(ids[i])))));
  const units = rules.unit ? column(table, rules.unit) : ids.map(() => ""), again = new Map();
  for (const i of named) {
    const key = JSON.stringify([ids[i], units[i]]);
    again.set(key, [...(again.get(key) || []), i]);
  }
  const twice = [...again.values()].filter((rows) => rows.length > 1);
  if (twice.length) out.push(found("ID-001", twice.length, again.size, few(twice.map((rows) => ids[rows[0]])), at(twice.flat().sort((a, b) => a - b))));
  return out;
}
function ofPlaces(rules, table) {
  const name = rules.sites.column;
  if (!name || !table.names.includes(name)) return [];
  const lost = new Set(rules.file.missing.map((text) => text.trim())), cells = column(table, name);
  const other = [...cells.keys()].filter((i) => cells[i].trim() && !lost.has(cells[i].trim()) && cells[i] !== rules.sites.value);
  return other.length ? [found("SITE-030", other.length, cells.length, few(sorted(distinct(other.map((i) => `"${cells[i]}"`)))), other.map((i) => table.numbers[i]))] : [];
}
function ofEndpoint(rules, table) {
  const out = [], lost = new Set(rules.file.missing.map((text) => text.trim())), end = rules.outcome;
  if (end && table.names.includes(end.column)) {
    const cells = column(table, end.column);
    const odd = [...cells.keys()].filter((i) => cells[i].trim() && !lost.has(cells[i].trim()) && cells[i] !== end.event && cells[i] !== end.non_event);
    const strange = sorted(distinct(odd.map((i) => cells[i])));
    if (odd.length) out.push(found("OUT-002", strange.length, 0, few(strange.map((text) => `"${text}"`)), odd.map((i) => table.numbers[i])));
  }
  for (const [code, names] of [["OUT-031", rules.times], ["READ-005", rules.measurements]]) {
    for (const name of names) {
      const cells = table.names.includes(name) ? column(table, name) : [];
      const bad = [...cells.keys()].filter((i) => {
        const text = cells[i].trim();
        return text && !lost.has(text) && (!NUMBER.test(text) || (code === "OUT-031" && Number(text) < 0));
      });
      if (bad.length) out.push(found(code, bad.length, cells.length, `${name}: ${few(sorted(distinct(bad.map((i) => cells[i]))))}`,
        bad.map((i) => table.numbers[i]), code === "OUT-031" ? "" : name));
    }
  }
  return out;
}
function ofValues(rules, columns, kept) {
  const still = [], absent = [], sparse = [], outside = new Map(), of = rules.features.length;
  for (const item of rules.features) {
    let low = Infinity, high = -Infinity, n = 0;
    for (const i of kept) {
      const value = columns[item.name][i];
      if (!Number.isNaN(value)) { n++; if (value < low) low = value; if (value > high) high = value; }
    }
    if (!n) { absent.push(item.name); continue; }
    if ((kept.length - n) / kept.length > rules.limits.missing_share) sparse.push(item.name);
    if (n > 1 && low === high && !item.constant) still.push(item.name);
    for (const [code, least, most, openLow, openHigh] of item.bounds) {
      const below = least !== null && (low < least || (openLow && low === least)), above = most !== null && (high > most || (openHigh && high === most));
      if (below || above) outside.set(code, (outside.get(code) || new Set()).add(item.name));
    }
  }
  const groups = [["FEAT-056", absent], ["FEAT-143", sparse], ["FEAT-010", still], ...sorted(outside.keys()).map((code) => [code, [...outside.get(code)]])];
  return groups.filter(([, names]) => names.length).map(([code, names]) => found(code, names.length, of, few(names, 3)));
}
function ofCopies(rules, table, columns, kept, ids) {
  const units = rules.unit && table.names.includes(rules.unit) ? column(table, rules.unit) : ids.map(() => "");
  const order = [...kept].sort((a, b) => (ids[a] < ids[b] ? -1 : ids[a] > ids[b] ? 1 : units[a] < units[b] ? -1 : units[a] > units[b] ? 1 : a - b));
  const constant = new Set(rules.features.filter((item) => item.constant).map((item) => item.name));
  const varying = Object.keys(columns).filter((name) => !constant.has(name) || new Set(kept.map((i) => columns[name][i])).size > 1);
  const first = new Map(), rows = [];
  for (const i of varying.length >= INFORMATIVE ? order : []) {
    if (varying.filter((name) => !Number.isNaN(columns[name][i])).length < INFORMATIVE) continue;
    const key = Object.values(columns).map((cells) => cells[i] + 0).join(" ");
    if (!first.has(key)) first.set(key, i);
    if (ids[first.get(key)] !== ids[i]) rows.push(i);
  }
  return rows.length ? [found("ID-050", rows.length, kept.length, few(rows.map((i) => ids[i])), rows.map((i) => table.numbers[i]))] : [];
}
function ofSettings(rules, table, stated) {
  const out = [], agreed = rules.settings, said = [...stated.keys()].filter((i) => Object.keys(stated[i]).length);
  if (!said.length || !Object.keys(agreed).length) return out;
  for (const key of sorted(distinct([...said.flatMap((i) => Object.keys(stated[i])), ...Object.keys(agreed)]))) {
    if (NOT_COMPARED.includes(key) && key !== "version") continue;
    const value = (i) => stated[i][key] ?? "not stated", other = said.filter((i) => value(i) !== (agreed[key] ?? "not stated"));
    if (other.length) out.push(found(key === "version" ? "FEAT-033" : "FEAT-004", other.length, said.length,
      `${key} is ${few(sorted(distinct(other.map(value))))}, the study uses ${agreed[key] ?? "none"}`, other.map((i) => table.numbers[i]), key));
  }
  return out;
}

// telling
const level = (rules, one) => rules.words[one.code].level;
const exitCode = (rules, report) => report.found.some((one) => UNREADABLE.includes(one.code)) ? 3 : report.found.some((one) => level(rules, one) === "FAIL") ? 1 : 0;
function sentence(rules, one) {
  const words = rules.words[one.code].says.replaceAll("{count}", one.count).replaceAll("{of}", one.of);
  return words.replaceAll("{what}", () => one.what).trim();
}
function rowsText(one) {
  if (!one.rows.length) return "";
  if (one.of && one.rows.length === one.of) return `; all ${one.of} rows`;
  const more = one.rows.length > MOST_ROWS ? `, ... (${one.rows.length} in all)` : "";
  return `; row${one.rows.length === 1 ? "" : "s"} ${one.rows.slice(0, MOST_ROWS).join(", ")}${more}`;
}
function ranked(rules, report) {
  const order = {FAIL: 0, WARN: 1, NOTE: 2};
  return [...report.found].sort((a, b) => order[level(rules, a)] - order[level(rules, b)] || (a.code + a.scope < b.code + b.scope ? -1 : 1));
}
const reported = (rules, report) => ({schema: "radaudit/sitepack-report/1", study: rules.study, site: rules.site, rules: rules.digest,
  exit_code: exitCode(rules, report), rows: report.rows,
  findings: report.found.map((one) => ({code: one.code, scope: one.scope, count: one.count, level: level(rules, one), rows: one.rows}))});

// the file to send back: a zip archive, stored, with the table untouched and the report
function sha256(bytes) {
  const primes = [], fraction = (x) => Math.floor((x % 1) * 4294967296) | 0;
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const k = primes.map((p) => fraction(Math.cbrt(p))), hash = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const size = bytes.length, data = new Uint8Array(((size + 72) >> 6) << 6), view = new DataView(data.buffer), w = new Int32Array(64);
  data.set(bytes);
  data[size] = 0x80;
  view.setUint32(data.length - 8, Math.floor(size / 536870912));
  view.setUint32(data.length - 4, (size << 3) >>> 0);
  const turn = (x, n) => (x >>> n) | (x << (32 - n));
  for (let start = 0; start < data.length; start += 64) {
    for (let i = 0; i < 64; i++) {
      if (i < 16) { w[i] = view.getInt32(start + 4 * i); continue; }
      const a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { hash[i] = (hash[i] + x) | 0; });
  }
  return hash.map((x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
}
function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
function archive(members) {
  const parts = [], index = [];
  let at = 0;
  for (const [name, data] of members) {
    const label = new TextEncoder().encode(name), head = new DataView(new ArrayBuffer(26));
    [[20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(data), 4], [data.length, 4], [data.length, 4], [label.length, 2], [0, 2]]
      .reduce((place, [value, size]) => { if (size === 2) head.setUint16(place, value, true); else head.setUint32(place, value, true); return place + size; }, 0);
    const fixed = new Uint8Array(head.buffer), start = at;
    parts.push(Uint8Array.of(0x50, 0x4b, 3, 4), fixed, label, data);
    at += 30 + label.length + data.length;
    const tail = new DataView(new ArrayBuffer(14));
    tail.setUint32(10, start, true);
    index.push(Uint8Array.of(0x50, 0x4b, 1, 2, 20, 0), fixed, new Uint8Array(tail.buffer), label);
  }
  const size = index.reduce((sum, part) => sum + part.length, 0), end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, members.length, true);
  end.setUint16(10, members.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, at, true);
  return new Blob([...parts, ...index, end], {type: "application/zip"});
}

// the page
function show(rules, name, bytes) {
  const report = check(rules, bytes), code = exitCode(rules, report), list = document.getElementById("findings"), end = document.getElementById("end");
  const item = (word, head, text, fix) => {
    const line = document.createElement("li"), mark = document.createElement("b"), what = document.createElement("span");
    mark.textContent = word;
    mark.className = word;
    what.textContent = ` ${head} ${text}`;
    line.append(mark, what);
    if (fix) { const mend = document.createElement("p"); mend.textContent = `fix: ${fix}`; line.append(mend); }
    list.append(line);
  };
  list.replaceChildren();
  document.getElementById("name").textContent = name;
  for (const one of ranked(rules, report)) item(level(rules, one), one.code, sentence(rules, one) + rowsText(one), rules.words[one.code].do);
  const passed = report.asked.filter((asked) => !report.found.some((one) => one.code === asked)).length;
  if (report.asked.length) item("PASS", "", `${passed} other checks, ${report.rows} rows, ${report.columns} columns`);
  if (report.extra.length) item("NOTE", "", `${report.extra.length} columns are not part of the study and are left out there: ${few(report.extra, 4)}`);
  end.replaceChildren();
  if (code) { end.textContent = "Not ready to send: mend what is marked FAIL, then drop the table again."; return report; }
  const stem = name.replace(/\.[^.]*$/, ""), said = {...reported(rules, report), table: name, sha256: sha256(bytes)}, link = document.createElement("a");
  link.href = URL.createObjectURL(archive([[name, bytes], ["checked.json", new TextEncoder().encode(JSON.stringify(said, null, 1) + "\n")]]));
  link.download = `${stem}-checked.zip`;
  link.textContent = `Send back: ${stem}-checked.zip (click to save it)`;
  end.append(link);
  return report;
}
function start() {
  const rules = JSON.parse(document.getElementById("rules").textContent), zone = document.getElementById("drop"), input = document.getElementById("file");
  for (const [id, text] of [["study", rules.study], ["site", rules.site], ["digest", rules.digest.slice(0, 8)]]) document.getElementById(id).textContent = text;
  const take = async (file) => { if (file) show(rules, file.name, new Uint8Array(await file.arrayBuffer())); };
  input.addEventListener("change", () => take(input.files[0]));
  for (const name of ["dragover", "drop"]) zone.addEventListener(name, (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => take(event.dataTransfer.files[0]));
}
start();
