#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the output of extant-fsck --json (standard input) against docs/fsck-json.md.

fsck_json.py DOCUMENT [TYPE...]     types that must occur
"""
import json, re, sys

rows, optional, section = {}, {}, None
for line in open(sys.argv[1]):
    heading = re.match(r'## (\S+)', line)
    if heading:
        section = heading[1]
        rows[section], optional[section] = {}, set()
    cells = re.match(r'\| (`.*?) \| (.*?) \|', line)
    if section and cells:
        for name in re.findall(r'`([^`]*)`', cells[1]):
            rows[section][name] = cells[2]
            if '?' in cells[1]:
                optional[section].add(name)

def is_number(v): return type(v) is int or (type(v) is str and v.isdigit())
def is_name(v): return type(v) is str or (type(v) is dict and list(v) == ['b64'])
checks = {
    'string': lambda v: type(v) is str, 'number': is_number, 'name': is_name,
    'boolean': lambda v: type(v) is bool,
    'list of names': lambda v: type(v) is list and all(map(is_name, v)),
    'list of objects': lambda v: type(v) is list and all(set(o) == {'kind', 'offset', 'bytes'} for o in v),
    'sums': lambda v: type(v) is dict and not problems('sums', v),
}

def problems(kind, o):
    bad = ['%s has no %s' % (kind, m) for m in rows[kind] if m not in o and m not in optional[kind]]
    for m, v in o.items():
        of = rows[kind].get(m) or ('string' if m.endswith('_b64') and m[:-4] in rows[kind] else None)
        if of is None:
            bad.append('%s: %s is not documented' % (kind, m))
        elif not checks[of](v):
            bad.append('%s: %s is no %s: %r' % (kind, m, of, v))
    return bad

seen, bad = [], []
for line in sys.stdin:
    o = json.loads(line)
    if o.pop('format', None) != 'extant-fsck/1':
        bad.append('format: ' + line)
    kind = o.pop('type')
    seen.append(kind)
    bad += problems(kind, o) if kind in rows and kind != 'sums' else ['no such type: ' + kind]
order = ['plan', 'finding', 'loss', 'returned', 'summary', 'fragmented', 'broken-link', 'links']
if seen != sorted(seen, key=order.index) or seen.count('plan') != 1 or seen.count('summary') != 1:
    bad.append('order: %s' % seen)
bad += ['no ' + kind for kind in sys.argv[2:] if kind not in seen]
print('\n'.join(bad))
sys.exit(bool(bad))
