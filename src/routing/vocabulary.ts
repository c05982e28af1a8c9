// What the definitions' own words cannot say: which of them are ordinary English too, and what people call things.

/** Words that carry no request. */
export const STOP_WORDS =
  "a about after again all also am an and any are as at be been before being both but by can could did do does doing don down for from further get give had has have having he her here hers him his how i if in into is it its just let like made make makes me more most my need no nor not now of off on once only or other our out over own please same she should so some such tell than that the their them then there these they this those through to too two under until up use using very want was we were what when where which while who whom why will with would you your".split(
    " ",
  );

/** Words that are said of machine learning and hardly of anything else: one of them is enough. */
export const CERTAIN =
  "accuracy adaboost anomalies anomaly anova auc auroc autoencoder automl boosted boosting brier calibration catboost checkpoint checkpoints chunk chunking chunks citations classification classifier classify finetune sharegpt clustering confusion counterfactual crossvalidation csv dataframe dataset datasets ece embeddings ensemble fairlearn featureimportance gguf hyperparameter hyperparameters imputation impute imputed jsonl kfold leakage lightgbm lime llama llamacpp llm llms machinelearning mae mlflow modelcard modeling mrr dpo gptq awq grpo kto orpo qlora lora quantize quantized quantization redteam rlhf safetensors multiclass multicollinearity ndcg ollama onehot optuna overfit overfitting oversampling parquet permutationimportance preprocess preprocessing rag randomforest regression regressor reranker retrieval retrieved retriever rmse roc scikit shap shapley sklearn svm tabular tsv undersampling vllm xgb xgboost xlsx".split(
    " ",
  );

/** Words of machine learning that mean other things too: they need company. */
export const LIKELY =
  "archive audit aupr auprc backend backends balance batch bayesian bias biased card categories category chain chat citation classes collection collections column columns correlated correlation correlations curve data decision demographic discriminate discrimination disparity distribution distributions docs document documents drift duplicate duplicates embed embedding encode encoding endpoint evaluate evaluation excel experiment explain explanation export fair fairness feature features field fields file files filter folds forest generate grid group groups handbook hash hybrid imbalance imbalanced importance important index indexed influence ingest inputs integrity interval label labels latency leak leakage leaks lineage log logged markdown merge merkle metric metrics missing model models null nulls numeric opentelemetry outlier outliers parameter parameters parity passage passages pdf pdfs percentile performance permutation personal pipeline policies predict predicted predicting prediction predictions predictor profile prompts protected provenance quality question questions rate record records registry regress reject rejected rerank residual retrieve row rows run runs sample samples scale score search seed sensitive serve served server settings split statistically statistics stratified subgroup subgroups suite sweep table tamper tampered target telemetry test threads threshold thresholds throughput timeline tokens train trained training transform trial trials tune tuned tuning validate validation value values vector verify version".split(
    " ",
  );

/** What people call things, and the definitions' words for them, which are added to theirs. */
export const PHRASES: readonly (readonly [RegExp, string])[] = [
  // Forms of data
  [/\b\S+\.(csv|tsv|parquet|jsonl?|xlsx?|arrow|feather)\b/g, "csv file"],
  [/data ?(set|frame)s?\b/g, "$& dataset"],
  [/spread ?sheets?\b|excel|delimiter|separated|decimal commas?/g, "$& csv file load"],
  [/\b(import|load|read|bring)\b(?=.*\b(file|files|csv|data|dataset|sheet|folder|table)\b)/g, "$& ingest load"],
  // Looking and checking
  [
    /distributions?|histograms?|correlations?|summary statistics|outliers?|what is in|what's in|imbalanced?/g,
    "$& profile",
  ],
  [
    /\b(ids?|rows?|values?|ages?)\b.*\b(repeated|unique|between|allowed)\b|trust (this|the) (csv|data|file)|expectations?\b|new batch|quality/g,
    "$& validate check data rules",
  ],
  [/missing and where|how many .*missing|personal data|leaks?\b.*target/g, "$& profile column"],
  // Reshaping
  [
    /\b(remove|drop|delete|fill|impute|one-?hot|encode|oversampl\w*|undersampl\w*|rebalance|rename|filter out|join|pivot)\b(?=.*\b(rows?|columns?|values?|categor\w+|class(es)?|duplicates?|missing|data)\b)/g,
    "$& transform steps",
  ],
  [/\bclass(es)?\b.*\boversampl\w*/g, "$& transform rebalance"],
  [/train(ing)?(,| and| \/ ?) ?(test|validation|holdout)|hold ?out/g, "$& split transform"],
  // Features
  [/\bfeature[\s-]?(views?|stores?|registr\w+|sets?)\b/g, "$& features column dataset register"],
  [
    /\b(rolling|lag(ged)?|windows?)\b.*\bfeatures?\b|deep feature|featuretools/g,
    "$& features define column dataset view",
  ],
  [
    /backfill|materiali[sz]e|point[\s-]in[\s-]time|online (store|features?)|serving skew|\bfresh\b.*\bfeatures?/g,
    "$& features compute column dataset",
  ],
  [/\bfeast\b|\bmodels?\b.*\bfeatures?\b.*\buse\b|use (these|this) features?/g, "$& features register lineage dataset"],
  // Language models
  [
    /\b(serve|host|deploy|start|stop|chat|talk|generate text)\b.*\b(models?|gguf|llms?|ollama|vllm|llama\S*)\b|^(?!.*\b(compare|profile|throughput|latency|measure|benchmark|tune|threads|faster|fastest|quantize|make|convert|export|evaluate|score)\b).*\b(gguf|ollama|vllm|llama\.?cpp)\b/g,
    "$& serve language models server run local inference",
  ],
  [/\bfits?\b.*\bmemory\b|\bmodels can i run\b/g, "$& serve language models run local inference list"],
  [
    /\b(throughput|latency|tokens (per|a) second|time to first token|how (fast|long))\b.*\b(models?|llms?|servers?|endpoint|ollama|vllm|prompts|prediction)\b|\b(profile|measure|benchmark)\b.*\b(llms?|served?|server|endpoint|vllm|ollama)\b/g,
    "$& measure profile speed latency percentiles server llm tokens throughput",
  ],
  [
    /\bcompare\b.*\b(backends?|llama\.?cpp|ollama|vllm|llms?|prompts)\b|\bquantized\b.*\b(good|worse|better|original)\b|\bwhich\b.*\b(backend|llms?|language models?)\b|\b(llm|language model)\b.*\bas good\b/g,
    "$& compare llms backends prompts language models quality speed cost",
  ],
  [
    /\b(fastest|best)\b.*\bsettings\b.*\bserve\b|\btune\b.*\b(server|llm)\b|\bhow many threads\b|\b(llm|served? model)\b.*\b(faster|less memory)\b|\bless memory\b.*\bmodel\b/g,
    "$& tune settings serve threads optimize llm server memory",
  ],
  // Documents
  [
    /\b(index|add|chunk|embed|ingest|update)\b(?=.*\b(handbook|docs?|documents?|pdfs?|markdown|wiki|manuals?|slides|policies|index|collection)\b)/g,
    "$& ingest index documents folder collection retrieval",
  ],
  [
    /\b(what|where|how|when)\b.*\b(handbook|manual|wiki|docs|documents|policy|policies|pdfs?)\b.*\b(say|says|said|state|states)\b|\b(search|ask|answer|find)\b(?=.*\b(handbook|docs|documents?|pdfs?|passages?|collection|policies)\b)/g,
    "$& query search documents passages collection retrieval citations",
  ],
  [
    /\b(ndcg|mrr|recall@\d+)\b|how good\b.*\bretriev\w+|(test|judged) questions|questions\b.*\bfail/g,
    "$& evaluate retrieval questions metrics",
  ],
  [
    /\bwhy\b.*\b(retriev\w+|found|find|context)\b|\b(never|not) (retrieved|found)\b|\bhealthy?\b.*\b(collection|index)|\b(collection|index)\b.*\bhealthy?\b|duplicate chunks/g,
    "$& diagnose retrieval lost stage collection health",
  ],
  [
    /\b(delete|rename|copy|clone|export|roll|list|show|which)\b(?=.*\b(collections?|documents?|drafts)\b)/g,
    "$& manage collection documents retrieval",
  ],
  // Where things come from
  [
    /\b(come|comes|came|derived|stem\w*) from\b|upstream|downstream|\bsources? columns?\b|\bfeeds?\b|what breaks|depends? on this/g,
    "$& lineage provenance dataset column",
  ],
  [/\b(roll|go|going) ?back\b|revert|\bversions?\b.*\bchanged\b|changed between/g, "$& lineage version dataset"],
  // Training
  [
    /random forests?\b|gradient[\s-]boost\w*( machines?| trees?)?|neural net(work)?s?\b|(logistic|linear|ridge|lasso) regressions?\b/g,
    "$& estimator train model classifier",
  ],
  [
    /\b(cluster|segment|forecast|detect anomal\w+|outlier detection|rank)\b(?=.*\b(customers?|sales|payments?|demand|products?|data|rows?|series|results|documents|users)\b)/g,
    "$& train model task dataset",
  ],
  [/\bforecast\w*|time series|anomal\w+/g, "$& train model task"],
  [/\bcheckpoints?\b|\b(interrupted|killed|broken off|crashed)\b|\bresume\b/g, "$& checkpoint resume run train"],
  [/cross[\s-]validat(e|ion|ed)\b/g, "$& crossvalidation folds train"],
  [/hyper[\s-]?parameters?\b|learning rate|\bdepth\b|optimi[sz]e|tune|tuning/g, "$& hyperparameter search tune sweep"],
  [/\b(build|fit|make)\b.*\b(model|classifier|regressor)\b.*\bpredicts?\b/g, "$& train model cross-validated"],
  [/best (settings|parameters|configuration)/g, "$& hyperparameter sweep"],
  // Measuring
  [
    /how (good|accurate|well)\b.*\bmodel|confusion matrix|roc curve|calibrat\w+ of|held[\s-]out|test set|false (alarm|positive|negative)s?|threshold/g,
    "$& evaluate metrics model",
  ],
  [/\bsignificantly better\b|\bsubgroups?\b.*\bfail/g, "$& evaluate metrics model slices confusion intervals"],
  [/\bfaithful\w*/g, "$& evaluate retrieval answers judge"],
  [/\bfairer\b/g, "$& fair group mitigate"],
  [/\b(runs?|experiments?)\b/g, "$& runs experiment"],
  [/reproduce|rerun|\bnote\b.*\brun/g, "$& runs experiment info"],
  [/preprocess\w*|\bscale\b|normali[sz]e|standardi[sz]e/g, "$& transform steps"],
  [/\burls?\b|download/g, "$& ingest source file"],
  [
    /feature importances?|what drives|influences?|matters? most|partial dependence|rel(y|ies) on|shap\b/g,
    "$& importance feature model",
  ],
  [/(which|what) (columns?|features?|variables?|inputs?)\b.*\b(matter|important|drive)/g, "$& importance feature"],
  [/\b(women|woman|men|gender|race|sexes|ethnic\w*|minorit\w+|black|white)\b/g, "$& sensitive group fair"],
  [
    /\b(?<!chosen and )(rejected|denied|declined|refused|turned down|approved|accepted)\b(?!.*\b(log|record)\b)/g,
    "$& explain prediction decision row",
  ],
  [/\bwhy\b.*\b(this|that|row|customer|applicant|prediction|choose|chose|pick)/g, "$& explain decision"],
  [/document(ation)?\b.*\bmodel|model cards?|fact ?sheet|\breadme\b/g, "$& modelcard card"],
  // The record
  [
    /tamper\w*|audit\w*|event log|\blog\b|which calls|what (happened|decisions)|inclusion|who did/g,
    "$& audit record events",
  ],
  [/machine learning\b/g, "$& machinelearning"],
  // Language models that learn
  [/\bfine[\s-]?tuned\b/g, "llm"],
  [
    /\b(prepare|convert|deduplicate|mask|check|clean|ready|contaminated|how long)\b(?=.*\b(fine[\s-]?tuning|instructions?|chats|conversations|preference pairs|training examples|benchmark questions)\b)|sharegpt|alpaca/g,
    "$& prepare examples format language model",
  ],
  [/\b(for|before) fine[\s-]?tuning\b/g, "examples"],
  [/\bfine[\s-]?tun(e|ing)\b|\bq?lora\b|\badapters?\b/g, "$& finetune llm language model adapter"],
  [
    /^(?!.*\b(serve|serving|adapter|lora|compare|good|worse|better)\b).*(\bquanti[sz]\w*|\b(gptq|awq|int8|fp8)\b|\bi?q\d(_\w+)+|\b\d[\s-]bits?\b|\b(make|convert)\b.*\bgguf\b)/g,
    "$& quantize smaller size gguf gptq awq language model",
  ],
  [
    /^(?!.*\b(retriev\w+|collection|chunks?|passages)\b).*(\b(evaluate|score)\b.*\b(llm|language model|ollama|multiple choice|harness)\b|\bexact match\b|\bhellaswag\b|\blm[\s-]?eval\w*|\bquantization\b.*\bworse\b)/g,
    "$& score language model harness tasks questions evaluate",
  ],
  [
    /\b(dpo|orpo|kto|grpo|rloo|rlhf)\b|preference (pairs?|data)|reward models?|chosen and rejected|thumbs/g,
    "$& align preferences reward teach llm",
  ],
  [
    /\bred[\s-]?team\w*|\bjailbreak\w*|\bharmful\b|\bsystem prompt\b/g,
    "$& redteam attacks disguised align harmful llm model",
  ],
];

/** What ML Engine does not do yet: asked for, it must not be taken for something else. */
export const NOT_YET = "adversarial attention bleu chatbot guardrail mistral paper papers".split(" ");
