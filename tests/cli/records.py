#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds what extant-debugfs prints with --json and --tsv against docs/debugfs-json.md.

records.py DOCUMENT LINES SOURCES...     in the directory that records.sh prepares

Says what is wrong, a line each; the number of records last.
"""
import base64, json, os, re, shutil, subprocess, sys

document, lines_file, sources = sys.argv[1], sys.argv[2], sys.argv[3:]
kinds, optional, fields_of, section = {}, {}, {}, None
for line in open(document):
    if heading := re.match(r'## (\S+)', line):
        section = heading[1]
        kinds[section], optional[section] = {}, set()
    if (m := re.match(r'fields of `(\w+)`', line)) and section:
        fields_of[section] = m[1]
    if (m := re.match(r'\| `([^`]+)`( \?)? \| ([^|]*) \|', line)) and section:
        kinds[section][m[1]] = m[3]
        if m[2]:
            optional[section].add(m[1])

bad, said, seen, run, total = [], set(), set(), set(), 0
def wrong(where, what):
    """The same is said once of a line."""
    if (where, str(what)) not in said:
        said.add((where, str(what)))
        bad.append('%s: %s' % (where, what))

def is_number(v):
    return type(v) is int and 0 <= v <= 2**53 or type(v) is str and v.isdigit() and int(v) > 2**53
def is_integer(v):
    return type(v) is int and abs(v) <= 2**53 or type(v) is str and re.fullmatch(r'-?\d+', v) \
        and abs(int(v)) > 2**53
def is_string(v): return type(v) is str
def is_b64(v):
    try:
        base64.b64decode(v, validate=True).decode()
    except UnicodeDecodeError:
        return True
    except ValueError:
        pass
    return False	# what is valid UTF-8 needs none
def is_name(v): return is_string(v) or type(v) is dict and list(v) == ['b64'] and is_b64(v['b64'])
def list_of(test): return lambda v: type(v) is list and all(map(test, v))
types = {
    'number': is_number, 'integer': is_integer, 'boolean': lambda v: type(v) is bool,
    'string': is_string, 'name': is_string,
    'octal': lambda v: type(v) is str and re.fullmatch(r'[0-7]{4,}', v),
    'list of strings': list_of(is_string), 'list of names': list_of(is_name),
    'list of numbers': list_of(is_number),
}
def fits(v, of):
    return v is None if of.endswith(' or null') and v is None else types[of.removesuffix(' or null')](v)

def unique(pairs):
    if len({k for k, _ in pairs}) < len(pairs):
        raise ValueError('a member twice')
    return dict(pairs)

def check_json(where, text):
    """The objects, each with its kind."""
    found = []
    for line in text.split(b'\n')[:-1]:
        try:
            o = json.loads(line.decode(), object_pairs_hook=unique)
        except ValueError as e:
            wrong(where, '%s: %.60r' % (e, line))
            continue
        m = re.fullmatch(r'extant-(.+)/1', o.get('format', '')) if type(o) is dict else None
        kind = m and m[1]
        if kind not in kinds or next(iter(o)) != 'format':
            wrong(where, 'no record of the document: %.60r' % line)
            continue
        del o['format']
        seen.add(kind)
        found.append((kind, o))
        if kind not in fields_of:
            check_members(where, kind, o)
    return found

def check_members(where, kind, o):
    keys = [k for k in o if not (k.endswith('_b64') and k[:-4] in kinds[kind])]
    if keys != [k for k in kinds[kind] if k in o or k not in optional[kind]]:
        wrong(where, '%s has the members %s' % (kind, keys))
    for key, v in o.items():
        of = kinds[kind].get(key)
        if of and not fits(v, of):
            wrong(where, '%s: %s is no %s: %r' % (kind, key, of, v))
        if not of and key in o and key not in keys and not is_b64(v):
            wrong(where, '%s: %s is needless: %r' % (kind, key, v))

def cell_says(cell, v, of):
    """Whether a cell of TSV is the value of JSON; escaped text is not undone."""
    if v is None:
        return cell == ''
    if type(v) is bool:
        return cell == str(v).lower()
    if type(v) is list:
        return len(v) == 0 and cell == '' or len(v) <= cell.count(',') + 1
    if type(v) is int or v.isdigit() or re.fullmatch(r'[ !#-\[\]-~]*', v):
        return cell == str(v)
    return True

def check_tsv(where, text, found):
    if b'\n' not in text and not found:
        return
    if re.search(rb'[\0-\10\13-\37\177]', text):
        wrong(where, 'a control character')
    try:
        rows = [l.split('\t') for l in text.decode().split('\n')[:-1]]
    except ValueError as e:
        return wrong(where, e)
    at, head = 0, None
    for kind, o in found:
        keys = [k for k in o if k in kinds[kind]]
        each = [(kind, o)] if kind not in fields_of else \
            [(None, k) for k in o if not k.endswith('_b64')]
        for member, value in each:
            want = keys if member else ['field', 'value']
            if head != want:
                head, at = want, at + 1
                if at > len(rows) or rows[at - 1] != want:
                    return wrong(where, 'the head of %s is %s' % (kind, rows[at - 1:at]))
            if at >= len(rows) or len(rows[at]) != len(want):
                return wrong(where, '%s: not %d values: %s' % (kind, len(want), rows[at:at + 1]))
            row, at = rows[at], at + 1
            if not member and row[0] != value:
                wrong(where, '%s: %s, not %s' % (kind, row[0], value))
            for key, cell in zip(want, row) if member else ():
                if not cell_says(cell, o[key], kinds[kind][key]):
                    wrong(where, '%s: %s is %r, not %r' % (kind, key, cell, o[key]))
    if at != len(rows):
        wrong(where, 'more lines than records: %s' % rows[at:at + 1])

def prepare(image):
    """A volume nobody has changed, and an empty directory to copy to."""
    shutil.rmtree('out', ignore_errors=True)
    os.mkdir('out')
    if image == 'w':
        subprocess.check_call(['cp', '--sparse=always', 'a.img', 'w.img'])

def debugfs(mode, image, line):
    command = ['extant-debugfs', mode] + ['-w'] * (image == 'w') + ['-R', line, image + '.img']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          env=dict(os.environ, EDITOR='true', VISUAL='true'))
    return done.returncode, done.stdout, done.stderr.decode(errors='replace').strip()

def try_line(how, line):
    global total
    image, given = how[0], line
    line = line.replace('@OTHER@', 'other.img').replace('@SELF@', how[0] + '.img') \
        .replace('@LOST@', os.environ['LOST'])
    found = []
    for mode in '--json', '--tsv':
        where = '%s: %s' % (mode, line)
        prepare(image)
        status, out, err = debugfs(mode, image, line)
        if status not in ([0, 1] if image == 'b' or '@OTHER@' in given else [0]):
            wrong(where, 'exit %d: %s' % (status, err))
        if 'r' in how:
            continue
        if mode == '--json':
            found = check_json(where, out)
            total += len(found)
            if not found and '0' not in how and image != 'b':
                wrong(where, 'prints no record')
        else:
            check_tsv(where, out, found)

for line in open(lines_file):
    if not line.startswith('#') and line.strip():
        how, line = line.strip().split(' ', 1)
        try_line(how, line)
        for words in [piece.split() for piece in line.split(';') if piece.split()]:
            run |= {words[0].lstrip('-'), '_'.join(words[:2])}      # "raw link" is raw_link

names = {}	# of commands, by any of their names
for kind, o in check_json('help', debugfs('--json', 'a', 'help')[1]):
    for name in [o['name']] + o['aliases'].split():
        names[name] = o['name']
for name in sorted(set(names.values()) - {names.get(word) for word in run}):
    wrong('records.lines', 'no line runs %s' % name)
for path in sources:
    for kind in re.findall(r'out_record\([^,]+, "([^"]*)"\)', open(path).read()):
        if kind not in kinds:
            wrong(path, 'record.def has no %s' % kind)
for kind in kinds:
    if kind not in seen:
        wrong(document, 'no line of records.lines prints %s' % kind)
print('\n'.join(bad[:40] + ['%d records' % total]))
sys.exit(bool(bad) or total < 1000)
