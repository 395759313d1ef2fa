#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes trees that are hard to keep: maketree.py KIND DIR [ARGUMENT]

boundaries BLOCK_SIZE  files that end just before, at and after every mapping boundary, sparse beyond
nasty [BLOCK_SIZE]     names, symlinks, times, modes, types, attributes at their limits
names N                N empty files in one directory
links N                one file with N names
depth N [long]         directories N deep; long: every tenth name has 255 bytes, past what a path may have
xattrs                 attributes for the inode, for a block, for both, shared, ACLs
"""
import errno, os, random, socket, stat, subprocess, sys

def write(path, data=b'', size=None):
    with open(path, 'wb') as f:
        f.write(data)
        if size is not None:
            f.truncate(size)

def boundaries(d, bs):
    bs = int(bs)
    p = bs // 4
    edges = [12, 12 + p, 12 + p + p * p]
    for blocks in edges:
        for delta in (-bs, -1, 0, 1, bs, bs + 1):
            size = blocks * bs + delta
            if size > largest(bs):                   # more than i_blocks can count
                continue
            name = '%s/edge-%d%+d' % (d, blocks, delta)
            if size <= 4 << 20:
                write(name, random.Random(size).randbytes(size))
                continue
            with open(name, 'wb') as f:          # dense around the edge, a hole before
                f.write(b'start')
                for b in (blocks - 2, blocks - 1, blocks, blocks + 1):
                    if b * bs < size:
                        f.seek(b * bs)
                        f.write(random.Random(b).randbytes(min(bs, size - b * bs)))
                f.truncate(size)
    write(d + '/holes-only', size=1 << 30)
    with open(d + '/every-other', 'wb') as f:
        for b in range(0, 2 * (12 + p) + 40 if p < 2000 else 4000, 2):
            f.seek(b * bs)
            f.write(b'%d' % b)
        f.truncate(f.tell() + 3 * bs)
    with open(d + '/largest', 'wb') as f:
        f.seek(largest(bs) - 1)
        f.write(b'!')

def largest(bs):
    """Bytes of the largest file: what pointers reach, and no more than i_blocks' 32 bits could count
    were it allocated in full."""
    p = bs // 4
    reach = 12 + p + p * p + p * p * p
    limit = (2**32 - 1) // (bs // 512)
    def pointer_blocks(n):
        n -= 12
        total = 0
        for level in (1, 2, 3):
            here = min(n, p ** level)
            if here <= 0:
                break
            for k in range(1, level + 1):
                total += -(-here // p ** k)
            n -= here
        return total
    if reach + pointer_blocks(reach) <= limit:
        return reach * bs
    return (limit - pointer_blocks(limit)) * bs     # as the kernel reckons, a little too careful

def nasty(d, bs=4096):
    rnd = random.Random(1)
    write(d + '/' + 'n' * 255, b'255 bytes of name')
    write(d + '/new\nline', b'1')
    write(d + '/quote"\'`\\', b'2')
    os.close(os.open(os.fsencode(d) + b'/\xff\xfe\x80 not utf-8', os.O_CREAT | os.O_WRONLY, 0o600))
    write(d + '/\x1b[31mred\x07', b'3')
    write(d + '/bidi\u202etxt.exe', b'4')
    write(d + '/größe-日本語-🙂', b'5')
    write(d + '/ leading and trailing ', b'6')
    write(d + '/-rf', b'7')
    write(d + '/...', b'8')
    for n in (1, 2, 58, 59, 60, 61, 255, 1023, 1024, 2047, 4094, 4095):
        if n >= int(bs):                             # the text and its NUL are one block at the most
            break
        os.symlink(('t' * n), '%s/symlink-%d' % (d, n))
    os.symlink('../..//x', d + '/up')
    os.symlink(b'\xff\n\x1b', d + '/symlink-bytes')
    os.link(d + '/symlink-59', d + '/symlink-59-again', follow_symlinks=False)
    os.link(d + '/symlink-60', d + '/symlink-60-again', follow_symlinks=False)
    for n, when in enumerate((-2**31, -1, 0, 1, 2**31 - 1, 2**31, 2**32, 2**33, 4102444800)):
        write('%s/time-%d' % (d, n), b'%d' % when)
        os.utime('%s/time-%d' % (d, n), ns=(when * 10**9 + 123456789, when * 10**9 + 987654321))
    for mode in ((0,) if os.getuid() == 0 else ()) + (0o400, 0o4755, 0o2755, 0o1777, 0o7777, 0o644):
        write('%s/mode-%04o' % (d, mode), b'm')
        os.chmod('%s/mode-%04o' % (d, mode), mode)
    os.mkdir(d + '/sticky'); os.chmod(d + '/sticky', 0o3777)
    os.mkdir(d + '/empty-dir')
    os.mkdir(d + '/lost+found'); write(d + '/lost+found/kept', b'mine'); os.chmod(d + '/lost+found', 0o750)
    os.mkfifo(d + '/fifo', 0o640)
    os.link(d + '/fifo', d + '/fifo-again')
    s = socket.socket(socket.AF_UNIX); here = os.getcwd(); os.chdir(d); s.bind('socket'); s.close(); os.chdir(here)
    if os.getuid() == 0:
        os.mknod(d + '/char', stat.S_IFCHR | 0o600, os.makedev(1, 3))
        os.mknod(d + '/block', stat.S_IFBLK | 0o660, os.makedev(8, 17))
        os.mknod(d + '/big-dev', stat.S_IFCHR | 0o600, os.makedev(511, 300000))
        os.link(d + '/char', d + '/char-again')
        for n, (u, g) in enumerate(((1, 2), (65535, 65536), (100000, 4294967294), (4294967294, 1))):
            write('%s/owner-%d' % (d, n), b'o')
            os.chown('%s/owner-%d' % (d, n), u, g)
            os.symlink('x', '%s/owner-link-%d' % (d, n))
            os.chown('%s/owner-link-%d' % (d, n), u, g, follow_symlinks=False)
    for i in range(20):
        write('%s/random-%d' % (d, i), rnd.randbytes(rnd.randrange(0, 300000)))

def names(d, n):
    for i in range(int(n)):
        os.close(os.open('%s/file-number-%06d' % (d, i), os.O_CREAT | os.O_WRONLY, 0o644))

def links(d, n):
    write(d + '/a', b'many names\n')
    for i in range(1, int(n)):
        os.link(d + '/a', '%s/name%d' % (d, i))

def depth(d, n, long=None):
    fd = os.open(d, os.O_RDONLY)
    for i in range(int(n)):
        name = 'd' * 255 if long and i % 10 == 0 else 'd%d' % i
        os.mkdir(name, dir_fd=fd)
        new = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = new
    f = os.open('bottom', os.O_CREAT | os.O_WRONLY, dir_fd=fd)
    os.write(f, b'deep')
    os.close(f)
    os.close(fd)

def xattrs(d, _=None):
    def put(path, name, value):
        try:
            os.setxattr(path, name, value, follow_symlinks=False)
        except OSError as e:
            if e.errno not in (errno.EPERM, errno.ENOTSUP):
                raise
    for n in (0, 1, 10, 40, 80, 200, 900):
        p = '%s/value-%d' % (d, n)
        write(p, b'x' * n)
        put(p, 'user.v', b'v' * n)
    p = d + '/several'
    write(p, b'')
    for i in range(8):
        put(p, 'user.attr%d' % i, b'%d' % i * 20)
    put(p, 'trusted.t', b'root')
    put(p, 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))
    for i in range(5):
        p = '%s/same-%d' % (d, i)
        write(p, b'')
        put(p, 'user.shared', b'the same block for all of us' * 10)
    os.mkdir(d + '/dir')
    put(d + '/dir', 'user.dir', b'on a directory')
    for n in (1, 59, 60, 61, 900):
        p = '%s/link-%d' % (d, n)
        os.symlink('t' * n, p)
        put(p, 'trusted.on-a-link', b'x' * 30)
        put(p, 'trusted.long', b'y' * 300)
    write(d + '/acl', b'a')
    subprocess.run(['setfacl', '-m', 'u:1234:r,g:4321:rw,m::rwx', d + '/acl'], check=False)
    subprocess.run(['setfacl', '-d', '-m', 'u:1234:rx', d + '/dir'], check=False)

if __name__ == '__main__':
    if len(sys.argv) < 3 or sys.argv[1] not in ('boundaries', 'nasty', 'names', 'links', 'depth', 'xattrs'):
        sys.exit(__doc__)
    os.umask(0o022)
    os.makedirs(sys.argv[2], exist_ok=True)
    globals()[sys.argv[1]](sys.argv[2], *sys.argv[3:])
