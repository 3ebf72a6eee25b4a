#include "../../chapters/rnn/rnn.h"
#include "ops.h"
#include "train.h"
#include <stdio.h>
#include <time.h>
#include <stdlib.h>
static double now(void){struct timespec t;clock_gettime(CLOCK_MONOTONIC,&t);return t.tv_sec+1e-9*t.tv_nsec;}
int main(void){
  enum {T=100,B=32,I=128,H=128};
  rng r=rng_at(1,0);
  rnn_layer l=rnn_layer_new(LSTM,I,H,&r);
  float *x=malloc(T*B*I*4), *R=malloc(T*B*H*4);
  rng_fill_normal(&r,T*B*I,x,0,1); rng_fill_normal(&r,T*B*H,R,0,1);
  adamw a=adamw_new(.9f,.999f,1e-8f,0);
  double best=1e9;
  for(int i=0;i<30;i++){
    double t0=now();
    zero_grad(); tape_reset();
    rnn_output o=rnn_forward(&l,constant("x",SHAPE(T,B,I),x),NULL,NULL);
    double t1=now();
    backward(t_mean(t_mul(o.all,constant("R",SHAPE(T,B,H),R))));
    double t2=now();
    adamw_step(&a,1e-3f);
    double t3=now();
    if(t3-t0<best){best=t3-t0;printf("fwd %.2f bwd %.2f adam %.2f total %.2f ms\n",(t1-t0)*1e3,(t2-t1)*1e3,(t3-t2)*1e3,best*1e3);}
  }
  // tiny nodes
  tape_reset();
  tensor *p=param("p",SHAPE(4));
  double t0=now(); int N=200, K=1000;
  for(int k=0;k<N;k++){ tape_reset(); tensor*y=p; for(int i=0;i<K;i++) y=t_add(y,p); backward(t_sum(y)); }
  printf("node %.3f us\n",(now()-t0)/N/K*1e6);
}
