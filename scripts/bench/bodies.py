#!/usr/bin/env python3
# bodies.py DIRECTORY: writes echo1k.json and echo64k.json there, compact JSON of exactly 1,024 and 65,536 bytes, always the same
import json,random,sys
def record(r,i): return {"id":i,"name":r.choice(["Ada","Grace","Edsger","Barbara","Dennis"])+" "+str(r.randrange(1000)),"email":"user%d@example.org"%i,
    "active":r.random()<.5,"balance":r.randrange(10**6)/100,"tags":r.sample(["red","green","blue","new","sold"],2),"note":None if r.random()<.5 else 'says "hi" \u00e9'}
for name,size in ("echo1k",1024),("echo64k",65536):
    r=random.Random(1); records=[]; text=lambda more,pad: json.dumps({"users":more,"pad":pad},separators=(",",":"),ensure_ascii=False).encode()
    while len(text(records+[record(random.Random(len(records)),len(records))],""))<=size: records.append(record(random.Random(len(records)),len(records)))
    open(sys.argv[1]+"/"+name+".json","wb").write(text(records,"x"*(size-len(text(records,"")))))
