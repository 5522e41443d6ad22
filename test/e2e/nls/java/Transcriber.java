import com.alibaba.fastjson.JSONObject;
import com.alibaba.nls.client.protocol.InputFormatEnum;
import com.alibaba.nls.client.protocol.NlsClient;
import com.alibaba.nls.client.protocol.SampleRateEnum;
import com.alibaba.nls.client.protocol.asr.SpeechTranscriber;
import com.alibaba.nls.client.protocol.asr.SpeechTranscriberListener;
import com.alibaba.nls.client.protocol.asr.SpeechTranscriberResponse;
import java.io.FileInputStream;
import java.io.InputStream;

/** SpeechTranscriber: hears a file, as often as asked over one connection. */
final class Transcriber extends SpeechTranscriberListener {
  public static void main(String[] words) {
    Events.run(words, Transcriber::drive);
  }

  private static void drive(JSONObject given, NlsClient client) throws Exception {
    SpeechTranscriber transcriber = new SpeechTranscriber(client, new Transcriber());
    transcriber.setAppKey(given.getString("appkey"));
    transcriber.setFormat(InputFormatEnum.PCM);
    transcriber.setSampleRate(SampleRateEnum.SAMPLE_RATE_16K);
    transcriber.setEnableIntermediateResult(true);
    transcriber.setEnablePunctuation(true);
    transcriber.setEnableITN(true);
    given.getJSONObject("start").forEach(transcriber::addCustomedParam);
    for (int time = 0; time < given.getIntValue("times"); time++) {
      transcriber.start(60_000);
      try (InputStream audio = new FileInputStream(given.getString("audio"))) {
        transcriber.send(audio, 3200, 5);
      }
      transcriber.stop(60_000);
      Events.tell("stopped");
    }
    transcriber.close();
  }

  private static void told(String event, SpeechTranscriberResponse response) {
    Events.told(
        event,
        response,
        response.getTransSentenceIndex(),
        response.getTransSentenceTime(),
        response.getSentenceBeginTime(),
        response.getTransSentenceText(),
        response.getConfidence(),
        response.getWords(),
        response.getStashResult());
  }

  @Override
  public void onTranscriberStart(SpeechTranscriberResponse response) {
    told("start", response);
  }

  @Override
  public void onSentenceBegin(SpeechTranscriberResponse response) {
    told("begin", response);
  }

  @Override
  public void onSentenceEnd(SpeechTranscriberResponse response) {
    told("end", response);
  }

  @Override
  public void onTranscriptionResultChange(SpeechTranscriberResponse response) {
    told("changed", response);
  }

  @Override
  public void onTranscriptionComplete(SpeechTranscriberResponse response) {
    told("completed", response);
  }

  @Override
  public void onFail(SpeechTranscriberResponse response) {
    told("error", response);
  }
}
