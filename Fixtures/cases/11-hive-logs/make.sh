#!/bin/bash
# A disk taken from a running Windows: the last program was set up a moment ago and is in SOFTWARE.LOG1 only, as entries of the log format since Windows 8.1.
. "$(dirname "$0")/../lib.sh"
t=$work/tree; c=$t/Windows/System32/config; mkdir -p "$c"
sed -n '/<<.REG.$/,/^REG$/p' "$here/../08-windows/make.sh" >"$work/regs"
awk '/<<.REG.$/{n++; next} /^REG$/{next} {print > "'"$work"'/r" n}' "$work/regs"
python3 - "$work" "$c" <<'PY'
import os,importlib.machinery,importlib.util,subprocess,sys,pathlib,struct
work,config=map(pathlib.Path,sys.argv[1:]); sys.dont_write_bytecode=True
loader=importlib.machinery.SourceFileLoader("mh",os.environ["PROJECT"]+"/Fixtures/windows/make-hives")
mh=importlib.util.module_from_spec(importlib.util.spec_from_loader("mh",loader)); loader.exec_module(mh)
def build(reg,prefix,text):
    f=work/"h"; f.write_bytes(mh.empty_hive()); w=work/"w.reg"; w.write_text(mh.with_parents(text,prefix))
    subprocess.run(["hivexregedit","--merge","--encoding","UTF-16LE",str(f),"--prefix",prefix,str(w)],check=True); return f.read_bytes()
S=r"HKEY_LOCAL_MACHINE\SOFTWARE"
text=(work/"r1").read_text()
(config/"SYSTEM").write_bytes(build("",r"HKEY_LOCAL_MACHINE\SYSTEM",(work/"r2").read_text()))
old=bytearray(build("",S,text))
new=bytearray(build("",S,text+"\n["+S+"\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Backdoor]\n\"DisplayName\"=\"Remote Helper\"\n\"DisplayVersion\"=\"6.6.6\"\n\n"))
def checksum(d):
    x=0
    for i in range(0,508,4): x^=struct.unpack_from("<I",d,i)[0]
    return 1 if x==0 else 0xfffffffe if x==0xffffffff else x
# format 1.5; the primary: written up to sequence 7, and begun 8
size=struct.unpack_from("<I",new,40)[0]
for d,(a,b) in ((old,(8,7)),(new,(8,8))):
    struct.pack_into("<II",d,4,a,b); struct.pack_into("<I",d,24,5); struct.pack_into("<I",d,508,checksum(d))
def marvin(data,seed=0x82EF4D887A4E55C5):
    lo,hi=seed&0xffffffff,seed>>32; M=0xffffffff; rol=lambda v,n:((v<<n)|(v>>(32-n)))&M
    def mix(lo,hi,v):
        lo=(lo+v)&M; hi^=lo; lo=(rol(lo,20)+hi)&M; hi=rol(hi,9)^lo; lo=(rol(lo,27)+hi)&M; hi=rol(hi,19); return lo,hi
    n=len(data)//4*4
    for i in range(0,n,4): lo,hi=mix(lo,hi,struct.unpack_from("<I",data,i)[0])
    tail=data[n:]; lo,hi=mix(lo,hi,int.from_bytes(tail+b"\x80"+b"\0"*(3-len(tail)),"little")); lo,hi=mix(lo,hi,0)
    return (hi<<32)|lo
pages=[o for o in range(0,size,4096) if new[4096+o:8192+o]!=old[4096+o:8192+o]]
body=struct.pack("<I",len(pages)); head_size=40
refs=b"".join(struct.pack("<II",o,4096) for o in pages); data=b"".join(bytes(new[4096+o:8192+o]) for o in pages)
entry_size=(40+len(refs)+len(data)+511)//512*512
rest=(refs+data).ljust(entry_size-40,b"\0")
entry=struct.pack("<4sIIIII",b"HvLE",entry_size,0,7,size,len(pages))
h1=marvin(rest); entry+=struct.pack("<Q",h1); h2=marvin(entry[:32]); entry+=struct.pack("<Q",h2)+rest
log=bytearray(old[:512]); struct.pack_into("<II",log,4,7,7); struct.pack_into("<I",log,28,6); struct.pack_into("<I",log,508,checksum(log))
(config/"SOFTWARE").write_bytes(bytes(old)); (config/"SOFTWARE.LOG1").write_bytes(bytes(log)+entry); (config/"SOFTWARE.LOG2").write_bytes(b"")
PY
cp "$c/SOFTWARE" "$c/SOFTWARE.LOG1" .
${REGIPY_PYTHON:-python3} - >regipy.truth 2>&1 <<'PY'
import shutil
from regipy.recovery import apply_transaction_logs
from regipy.registry import RegistryHive
for name,path in (("primary alone","SOFTWARE"),("with LOG1",None)):
    if path is None: path,n=apply_transaction_logs("SOFTWARE","SOFTWARE.LOG1",restored_hive_path="SOFTWARE.merged"); print("dirty pages recovered:",n)
    k=RegistryHive(path).get_key(r"\Microsoft\Windows\CurrentVersion\Uninstall")
    print(name,sorted(s.get_value("DisplayName") for s in k.iter_subkeys()))
PY
truncate -s 96M "$work/n.img"; mkntfs -q -F -L WIN "$work/n.img" >/dev/null 2>&1; ntfs-3g "$work/n.img" "$work/mnt" && cp -r "$t/." "$work/mnt/" && sync && umount "$work/mnt"; sleep 1
truncate -s 100M "$work/d.raw"; printf 'label: dos\nstart=2048,size=%s,type=7,bootable\n' $((96*2048)) | sfdisk -q "$work/d.raw"; put "$work/d.raw" "$work/n.img" 1; qemu-img convert -O vpc -o subformat=dynamic,force_size=on "$work/d.raw" live.vhd
