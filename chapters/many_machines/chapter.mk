# The tests hold bpe_map against its counts.
USES := bpe

# The same training on the ranks of MPI, where there is one: MPICC, or the first that compiles three lines.
MANY_MACHINES_RANKS := $(BUILD)/many_machines/ranks
$(MANY_MACHINES_RANKS): chapters/many_machines/mpi/ranks.c $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/main.c,$(wildcard chapters/many_machines/*.c))) $(BUILD)/libcommon.a
	@sh tests/many_machines/mpicc.sh $(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) $(filter-out %.h,$^) $(LDLIBS) -o $@

MANY_MACHINES_TOOLS := $(patsubst chapters/many_machines/tools/%.c,$(BUILD)/many_machines/%,$(wildcard chapters/many_machines/tools/*.c))
.PHONY: many_machines-mpi many_machines-cluster many_machines-streams
many_machines-mpi: ## train on the ranks of MPI (needs mpich or openmpi-bin libopenmpi-dev): same bits, a rank killed, resumed
	@if sh tests/many_machines/mpicc.sh probe; then $(MAKE) --no-print-directory $(MANY_MACHINES_RANKS) && bash tests/many_machines/mpi.sh $(BUILD); \
	    else echo "there is no MPI here (sudo apt-get install mpich): the ranks of one process alone were run, by make many_machines"; fi
many_machines-streams: $(MANY_MACHINES_TOOLS) $(BUILD)/many_machines/many_machines ## run the mappers and reducers on what is bad for them: a full disk, no newline, keys of a megabyte, a gigabyte
	@bash tests/many_machines/streams.sh $(BUILD)
many_machines-cluster: $(MANY_MACHINES_TOOLS) ## run the same programs on a Spark cluster of a master and two workers that it starts and stops (needs java, and pyspark in SPARK_PYTHON)
	@$(SPARK_PYTHON) -B tests/many_machines/cluster.py $(BUILD)
SPARK_PYTHON := $(BUILD)/spark/bin/python
