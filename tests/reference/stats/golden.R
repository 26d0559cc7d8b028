# Prints golden.csv: name,value with 17 significant digits. Run in this folder: Rscript golden.R
suppressWarnings(suppressMessages({library(pROC);library(rms);library(metafor);library(MASS);library(psych)}))
sink(stderr()); cat(R.version.string, "pROC", as.character(packageVersion("pROC")), "rms", as.character(packageVersion("rms")),
  "metafor", as.character(packageVersion("metafor")), "MASS", as.character(packageVersion("MASS")), "psych", as.character(packageVersion("psych")), "\n"); sink()
out <- data.frame(name=character(), value=numeric())
say <- function(name, value) { value <- unlist(value, use.names=FALSE); if (length(value) > 1) name <- paste0(name, ".", seq_along(value))
  out <<- rbind(out, data.frame(name=name, value=as.numeric(value))) }
a <- read.csv("aSAH.csv"); a$y <- as.integer(a$outcome == "Poor")
rocof <- function(y, x) roc(y, x, quiet=TRUE, levels=c(0,1), direction="<")
r <- list(s100b=rocof(a$y,a$s100b), wfns=rocof(a$y,a$wfns), ndka=rocof(a$y,a$ndka), age=rocof(a$y,a$age))
for (n in names(r)) { ci <- ci.auc(r[[n]], method="delong"); say(paste0("auc.", n), ci[2]); say(paste0("auc.low.", n), ci[1]); say(paste0("auc.high.", n), ci[3]); say(paste0("auc.var.", n), var(r[[n]], method="delong"))
  ci9 <- ci.auc(r[[n]], method="delong", conf.level=.9); say(paste0("auc.low90.", n), ci9[1]); say(paste0("auc.high90.", n), ci9[3])
  for (s in c(.9,.8,.5)) { say(paste0("pauc.", n, ".", s), auc(r[[n]], partial.auc=c(1,s))); say(paste0("paucc.", n, ".", s), auc(r[[n]], partial.auc=c(1,s), partial.auc.correct=TRUE)) } }
pairs <- list(c("s100b","wfns"), c("s100b","ndka"), c("wfns","ndka"), c("age","wfns"))
for (p in pairs) { t <- roc.test(r[[p[1]]], r[[p[2]]], method="delong"); k <- paste(p, collapse="-"); say(paste0("paired.z.", k), t$statistic); say(paste0("paired.p.", k), t$p.value); say(paste0("cov.", k), cov(r[[p[1]]], r[[p[2]]])) }
for (n in c("s100b","wfns","ndka")) { m <- a$gender=="Male"; t <- roc.test(rocof(a$y[m],a[[n]][m]), rocof(a$y[!m],a[[n]][!m]), method="delong"); say(paste0("unpaired.D.",n), t$statistic); say(paste0("unpaired.df.",n), t$parameter); say(paste0("unpaired.p.",n), t$p.value) }
b <- coords(r$s100b, "best", best.method="youden", ret=c("threshold","sensitivity","specificity","ppv","npv","tp","fp","fn","tn")); for (n in names(b)) say(paste0("youden.", n), b[[n]])
b <- coords(r$ndka, "best", best.method="youden", ret=c("threshold","sensitivity","specificity")); for (n in names(b)) say(paste0("youden.ndka.", n), b[[n]])
# calibration
q <- read.csv("asah_p.csv"); d <- q$p^1.3/(q$p^1.3+(1-q$p)^1.3*1.4); y <- q$y; lp <- qlogis(d)
tight <- glm.control(epsilon=1e-15, maxit=100)
v <- val.prob(d, y, pl=FALSE); for (n in c("C (ROC)","Brier","S:z","S:p")) say(paste0("valprob.", gsub("[ ()]", "", n)), v[n])
g <- glm(y ~ lp, family=binomial, control=tight); say("recal.coef", coef(g)); say("recal.vcov", vcov(g)[c(1,2,4)]); say("recal.dev", deviance(g))
prof <- function(dev, best, d0) { h <- function(b) dev(b) - d0 - qchisq(.95, 1); sapply(c(-5,5), function(w) uniroot(h, sort(c(best, best+w)), tol=1e-14, maxiter=10000)$root) }
say("recal.profile.slope", prof(function(b) deviance(glm(y ~ offset(b*lp), family=binomial, control=tight)), coef(g)[[2]], deviance(g)))
say("recal.profile.intercept", prof(function(b) deviance(glm(y ~ lp - 1 + offset(rep(b, length(y))), family=binomial, control=tight)), coef(g)[[1]], deviance(g)))
o <- glm(y ~ offset(lp), family=binomial, control=tight); say("citl.coef", coef(o)); say("citl.se", sqrt(vcov(o))); say("citl.profile", prof(function(b) -2*sum(dbinom(y, 1, plogis(b+lp), log=TRUE)), coef(o)[[1]], deviance(o)))
say("brier", mean((d-y)^2)); say("ipa", 1-mean((d-y)^2)/mean((mean(y)-y)^2)); say("oe", sum(y)/sum(d))
w <- c(rep(1:3, length.out=length(y))); gw <- suppressWarnings(glm(y ~ lp, family=binomial, weights=w, control=tight)); say("recal.weighted.coef", coef(gw))
X <- glm(y ~ age + (gender=="Female") + s100b + ndka, data=a, family=binomial, control=tight); say("glm4.coef", coef(X)); say("glm4.se", sqrt(diag(vcov(X))))
lo <- loess(y ~ d, span=.75, degree=2, family="gaussian", control=loess.control(surface="direct")); pr <- pmin(pmax(predict(lo, d),0),1)
say("loess.first", pr[1:5]); e <- abs(pr-d); say("loess.ici", mean(e)); say("loess.e50", median(e)); say("loess.e90", quantile(e,.9)); say("loess.emax", max(e))
g0 <- seq(.1,.7,by=.1); say("loess.grid", predict(lo, g0))
kn <- rcspline.eval(lp, nk=4, knots.only=TRUE); say("rcs.knots4", kn); s <- glm(y ~ rcspline.eval(lp, knots=kn, inclx=TRUE), family=binomial, control=tight); pr <- fitted(s); e <- abs(pr-d); say("rcs.first", pr[1:5]); say("rcs.ici", mean(e)); say("rcs.emax", max(e))
# proportions
for (kn in list(c(0,10),c(3,10),c(10,10),c(26,41),c(58,72),c(1,1),c(250,1000))) { k <- paste(kn, collapse="of"); ct <- suppressWarnings(prop.test(kn[1],kn[2],correct=FALSE)$conf.int); say(paste0("wilson.",k), ct); say(paste0("clopper.",k), binom.test(kn[1],kn[2])$conf.int); say(paste0("clopper90.",k), binom.test(kn[1],kn[2],conf.level=.9)$conf.int) }
# multiplicity
p <- c(.0001,.0004,.0019,.0095,.0201,.0278,.0298,.0344,.0459,.324,.4262,.5719,.6528,.759,1,.0201); for (m in c("BH","BY","holm")) say(paste0("padjust.",m), p.adjust(p,m)); pn <- p; pn[c(3,9)] <- NA; for (m in c("BH","BY","holm")) say(paste0("padjustna.",m), p.adjust(pn,m)[-c(3,9)])
# site effect: wfns, age, s100b, ndka by gos6 group
grp <- factor(a$gos6); for (n in c("age","s100b","ndka")) { f <- anova(lm(a[[n]] ~ grp)); say(paste0("aov.eta2.",n), f[1,2]/sum(f[,2])); say(paste0("aov.F.",n), f[1,4]); say(paste0("aov.p.",n), f[1,5]); k <- kruskal.test(a[[n]], grp); say(paste0("kw.H.",n), k$statistic); say(paste0("kw.p.",n), k$p.value) }
m <- a$age; m[seq(3,113,by=7)] <- NA; f <- anova(lm(m ~ grp)); say("aov.eta2.missing", f[1,2]/sum(f[,2])); say("aov.F.missing", f[1,4]); say("aov.p.missing", f[1,5]); k <- kruskal.test(m, grp); say("kw.H.missing", k$statistic); say("kw.p.missing", k$p.value)
tab <- table(a$y, a$wfns); k <- suppressWarnings(chisq.test(tab, correct=FALSE)); say("chisq.X2", k$statistic); say("chisq.p", k$p.value); say("chisq.V", sqrt(k$statistic/sum(tab)/(min(dim(tab))-1)))
x1 <- a$age[a$y==1]; x0 <- a$age[a$y==0]; say("smd.age", (mean(x1)-mean(x0))/sqrt((var(x1)+var(x0))/2)); f1 <- mean(a$gender[a$y==1]=="Female"); f0 <- mean(a$gender[a$y==0]=="Female"); say("smd.female", (f1-f0)/sqrt((f1*(1-f1)+f0*(1-f0))/2))
# meta-analysis, converged further than the default
yi <- qlogis(c(.78,.71,.83,.66,.75)); sei <- c(.21,.17,.30,.22,.15); ctl <- list(threshold=1e-14, maxiter=10000)
ma <- function(k, m) { pr <- predict(m); say(paste0("meta.",k), c(coef(m), m$se, m$tau2, m$ci.lb, m$ci.ub, pr$pi.lb, pr$pi.ub, m$I2, m$QE, m$QEp)) }
ma("reml.knha", rma(yi, sei=sei, method="REML", test="knha", control=ctl)); ma("reml.z", rma(yi, sei=sei, method="REML", control=ctl)); ma("dl.z", rma(yi, sei=sei, method="DL")); ma("dl.knha", rma(yi, sei=sei, method="DL", test="knha"))
ma("reml.adhoc", rma(yi, sei=sei, method="REML", test="adhoc", control=ctl)); ma("fe.z", rma(yi, sei=sei, method="FE"))
y2 <- c(.9,.95,1.0,.92); s2 <- c(.3,.25,.2,.4); ma("zero.knha", rma(y2, sei=s2, method="REML", test="knha", control=ctl))
ma("zero.adhoc", rma(y2, sei=s2, method="REML", test="adhoc", control=ctl)); e <- escalc(measure="RR", ai=tpos, bi=tneg, ci=cpos, di=cneg, data=dat.bcg); write.csv(data.frame(yi=as.numeric(e$yi), vi=e$vi), "bcg.csv", row.names=FALSE); ma("bcg.knha", rma(yi, vi, data=e, method="REML", test="knha", control=ctl)); ma("bcg.dl", rma(yi, vi, data=e, method="DL"))
# added value: NRI, IDI (Hmisc::improveProb) and the likelihood ratio of nested models
g2 <- glm(y ~ age + (gender=="Female"), data=a, family=binomial, control=tight); p1 <- fitted(X); p2 <- fitted(g2); ip <- Hmisc::improveProb(p2, p1, a$y)
for (n in c("nri","se.nri","z.nri","nri.ev","se.nri.ev","nri.ne","se.nri.ne","idi","se.idi","z.idi")) say(paste0("improve.", n), ip[[n]])
say("lr.statistic", deviance(g2) - deviance(X)); say("lr.p", pchisq(deviance(g2) - deviance(X), 2, lower.tail=FALSE))
options(scipen=0); con <- file("golden.csv","w"); writeLines("name,value", con); writeLines(sprintf("%s,%.17g", out$name, out$value), con); close(con)
