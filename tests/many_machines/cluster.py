"""The chapter's programs on a real cluster: a Spark master and two workers on 127.0.0.1, started here, used, and stopped by
their process ids.

    build/spark/bin/python tests/many_machines/cluster.py build      (make many_machines-cluster)

Held are, byte for byte: word counts and pairs by the same binaries under rdd.pipe() around a shuffle with our hash, against
the pipe of the shell; the same with a worker and its executor killed in the middle; all forms of explode against Spark SQL;
the bytes of Hive's text files as Spark's Hive writes them. And that a master that is not there is told, in a bounded time. It needs Java 17 and pyspark.
"""
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = (ROOT / sys.argv[1] / "many_machines").resolve()
PORT, PARTS = 17077, 4
os.environ.update(SPARK_LOCAL_IP="127.0.0.1", SPARK_DAEMON_MEMORY="256m", PYSPARK_PYTHON=sys.executable,
                  PYSPARK_DRIVER_PYTHON=sys.executable, LC_ALL="C", PYTHONHASHSEED="0")
try:
    import pyspark
except ImportError:
    sys.exit("cluster.py: pyspark is missing: python3 -m venv build/spark && build/spark/bin/python -m pip install pyspark==4.3.0")
SPARK = pathlib.Path(pyspark.__path__[0])
os.environ["SPARK_HOME"] = str(SPARK)
started, begun = [], time.monotonic()


def say(text):
    print(f"{time.monotonic() - begun:6.1f} s  {text}", flush=True)


def daemon(folder, name, *command):
    log = open(folder / f"{name}.log", "w")
    process = subprocess.Popen([SPARK / "bin/spark-class", *command], stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    started.append(process)
    return process, folder / f"{name}.log"


def wait_for(log, words, seconds=180):
    until = time.monotonic() + seconds
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > until:
            sys.exit(f"cluster.py: no '{words}' within {seconds} s:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.2)


def stop():
    """Ends what was started here, and its executors, which have its process group."""
    for process in reversed(started):
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    for process in started:
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def session(master, hive=None):
    from pyspark.sql import SparkSession
    b = (SparkSession.builder.master(master).appName("many_machines").config("spark.executor.memory", "512m")
         .config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1").config("spark.ui.enabled", "false")
         .config("spark.ui.showConsoleProgress", "false").config("spark.log.level", "ERROR").config("spark.sql.shuffle.partitions", "4"))
    if hive:
        b = (b.config("spark.sql.warehouse.dir", str(hive / "warehouse")).config("spark.hadoop.javax.jdo.option.ConnectionURL",
             f"jdbc:derby:;databaseName={hive / 'metastore'};create=true").config("spark.driver.extraJavaOptions", f"-Dderby.system.home={hive}").enableHiveSupport())
    return b.getOrCreate()


def fnv1a(key):
    h = 2166136261
    for b in key.encode():
        h = (h ^ b) * 16777619 % 2 ** 32
    return h


def shuffle_and_reduce(lines):
    """Records by our hash to PARTS reducers, sorted there, and reduced by the program."""
    pairs = lines.map(lambda line: tuple(line.split("\t", 1)))
    ordered = pairs.repartitionAndSortWithinPartitions(PARTS, fnv1a)
    return ordered.map("\t".join).pipe(str(BIN / "wc_reduce"), checkCode=True)


def job(sc, text, slow=False):
    words = sc.textFile(str(text), 6)
    if slow:
        words = words.mapPartitions(lambda part: (time.sleep(4), part)[1])
    mapped = words.pipe(str(BIN / "wc_map"), checkCode=True)
    counts = shuffle_and_reduce(mapped)
    pairs = shuffle_and_reduce(counts.pipe(str(BIN / "bpe_map"), checkCode=True))
    return as_bytes(counts.collect()), as_bytes(pairs.collect())


def as_bytes(lines):
    return b"".join(sorted(line.encode() + b"\n" for line in lines))


def shell(text):
    run = f"'{BIN}/wc_map' <'{text}' | LC_ALL=C sort | '{BIN}/wc_reduce'"
    pairs = f"{run} | '{BIN}/bpe_map' | LC_ALL=C sort | '{BIN}/wc_reduce'"
    return [b"".join(sorted(subprocess.run(c, shell=True, capture_output=True, check=True).stdout.splitlines(True))) for c in (run, pairs)]


def hold(what, same):
    if not same:
        sys.exit(f"cluster.py: {what}: not the same")
    say(f"{what}: the same")


def kill_a_worker(worker, done):
    """A worker and its executors, without warning, as soon as the job's tasks sleep."""
    time.sleep(3)
    os.killpg(worker.pid, signal.SIGKILL)
    done.append(time.monotonic())


# ---- explode ----

TABLE = [(1, ["a", "b", "a"], {"x": "10", "y": "20"}), (2, [], {}), (3, None, None), (4, ["c", None], {"z": None}), (5, [""] * 2, {"": "0"}),
         (6, ["é"], {"k": "v"})]
FORMS = {  # what SQL says: the options of our program
    "LATERAL VIEW explode(items) v AS item": ("item", ["--column 2"]),
    "LATERAL VIEW OUTER explode(items) v AS item": ("item", ["--column 2 --outer"]),
    "LATERAL VIEW posexplode(items) v AS pos, item": ("pos, item", ["--column 2 --position"]),
    "LATERAL VIEW OUTER posexplode(items) v AS pos, item": ("pos, item", ["--column 2 --position --outer"]),
    "LATERAL VIEW explode(tags) v AS k, val": ("k, val", ["--column 3 --map"]),
    "LATERAL VIEW OUTER explode(tags) v AS k, val": ("k, val", ["--column 3 --map --outer"]),
    "LATERAL VIEW posexplode(tags) v AS pos, k, val": ("pos, k, val", ["--column 3 --map --position"]),
    "LATERAL VIEW OUTER posexplode(tags) v AS pos, k, val": ("pos, k, val", ["--column 3 --map --position --outer"]),
    "LATERAL VIEW explode(items) v AS item LATERAL VIEW explode(tags) w AS k, val": ("item, k, val", ["--column 2", "--column 3 --map"]),
    "LATERAL VIEW OUTER explode(items) v AS item LATERAL VIEW OUTER explode(tags) w AS k, val":
        ("item, k, val", ["--column 2 --outer", "--column 3 --map --outer"]),
}


def text_of(value):
    return "\\N" if value is None else str(value)


def hive_line(row):
    id, items, tags = row
    fields = [str(id), "\\N" if items is None else "\x02".join(map(text_of, items)),
              "\\N" if tags is None else "\x02".join(f"{k}\x03{text_of(v)}" for k, v in tags.items())]
    return "\x01".join(fields) + "\n"


def explode_forms(spark):
    from pyspark.sql.types import ArrayType, IntegerType, MapType, StringType, StructField, StructType
    schema = StructType([StructField("id", IntegerType()), StructField("items", ArrayType(StringType())), StructField("tags", MapType(StringType(), StringType()))])
    spark.createDataFrame(TABLE, schema).createOrReplaceTempView("t")
    given = "".join(map(hive_line, TABLE)).encode()
    for sql, (columns, programs) in FORMS.items():
        theirs = sorted([text_of(v) for v in row] for row in spark.sql(f"SELECT id, {columns} FROM t {sql}").collect())
        command = " | ".join(f"'{BIN}/explode' {options}" for options in programs)
        done = subprocess.run(command, shell=True, input=given, capture_output=True, check=True).stdout.decode().splitlines()
        n = columns.count(",") + 1
        ours = sorted([line.split("\x01")[0], *line.split("\x01")[-n:]] for line in done)
        if ours != theirs:
            sys.exit(f"cluster.py: {sql}:\nours   {ours}\ntheirs {theirs}")
    say(f"explode: {len(FORMS)} forms give Spark SQL's rows")
    return schema


def hive_bytes(spark, folder, schema):
    """What Spark's Hive writes for our table, and what it reads back of the pairs that have the same bytes."""
    spark.sql("CREATE TABLE h (id INT, items ARRAY<STRING>, tags MAP<STRING, STRING>) STORED AS TEXTFILE")
    spark.sql("INSERT INTO h SELECT * FROM t")
    lines = sorted(line for f in (folder / "warehouse/h").glob("part-*") for line in f.read_bytes().splitlines(True))
    ours = sorted(hive_line(row).encode() for row in TABLE)

    def unordered(line):  # a map has no order
        a, b, c = line.rstrip(b"\n").split(b"\x01")
        return a, b, sorted(c.split(b"\x02"))
    if list(map(unordered, lines)) != list(map(unordered, ours)):
        sys.exit(f"cluster.py: Hive's bytes:\nours   {ours}\ntheirs {lines}")
    say("the table's bytes are those of Hive's text files")
    odd = [(1, [""], None), (2, [], None), (3, [None], None), (4, None, None)]
    spark.createDataFrame(odd, schema).createOrReplaceTempView("o")
    spark.sql("CREATE TABLE g (id INT, items ARRAY<STRING>, tags MAP<STRING, STRING>) STORED AS TEXTFILE")
    spark.sql("INSERT INTO g SELECT * FROM o")
    for row in spark.sql("SELECT id, items FROM g ORDER BY id").collect():
        say(f"written {odd[row.id - 1][1]}, read back {row['items']}")


# ---- All of it ----

def no_master():
    """A master that is not there: an error, and not an endless wait."""
    code = ("import sys; from pyspark.sql import SparkSession; "
            f"SparkSession.builder.master('spark://127.0.0.1:{PORT}').config('spark.driver.bindAddress', '127.0.0.1').config('spark.ui.enabled', 'false').getOrCreate().sparkContext.parallelize([1]).count()")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    if done.returncode == 0 or "All masters are unresponsive" not in done.stdout + done.stderr:
        sys.exit(f"cluster.py: a master that is not there:\n{done.stdout}{done.stderr}")
    say("a master that is not there: 'All masters are unresponsive', status " + str(done.returncode))


def main(folder):
    texts = sorted(ROOT.glob("chapters/*/*.md"))
    text = folder / "text"
    text.write_bytes(b"".join(t.read_bytes() for t in texts))
    expected = shell(text)
    say(f"a text of {text.stat().st_size / 1e6:.1f} MB, {expected[0].count(10)} words, {expected[1].count(10)} pairs by the shell")
    with socket.socket() as s:
        if s.connect_ex(("127.0.0.1", PORT)) == 0:
            sys.exit(f"cluster.py: port {PORT} is taken")
    no_master()
    daemon(folder, "master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", str(PORT), "--webui-port", "0")
    wait_for(folder / "master.log", "I have been elected leader")
    workers = [daemon(folder, f"worker-{k}", "org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "512m", "--webui-port", "0",
                      "-d", str(folder / f"worker-{k}"), f"spark://127.0.0.1:{PORT}") for k in range(2)]
    for _, log in workers:
        wait_for(log, "Successfully registered")
    say("a master and two workers stand")
    spark = session(f"spark://127.0.0.1:{PORT}", folder)
    sc = spark.sparkContext
    start = time.monotonic()
    got = job(sc, text)
    say(f"the job took {time.monotonic() - start:.1f} s")
    hold("words and pairs on two workers", list(got) == expected)
    schema = explode_forms(spark)
    hive_bytes(spark, folder, schema)
    done = []
    killer = threading.Thread(target=kill_a_worker, args=(workers[0][0], done))
    killer.start()
    got = job(sc, text, slow=True)
    killer.join()
    log = (folder / "master.log").read_text(errors="replace")
    if "Removing worker" not in log and "got disassociated" not in log:
        sys.exit("cluster.py: the master has not seen a worker die")
    hold(f"words and pairs with a worker killed in the middle ({time.monotonic() - done[0]:.1f} s before the end)", list(got) == expected)
    spark.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="many_machines-") as name:
        try:
            main(pathlib.Path(name))
        finally:
            stop()
    say("stopped")
